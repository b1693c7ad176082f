// Learning on the device: #include <graven/train.hpp> beside <graven/graven.hpp>.
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"  // g++ finds a user's globals in templates
#include "graven/train/backbone.hpp"
#include "graven/train/int8_head.hpp"
#include "graven/train/metrics.hpp"
#include "graven/train/replay.hpp"
#include "graven/train/schedule.hpp"
#include "graven/train/trainable.hpp"
#include "graven/train/trainer.hpp"
#pragma GCC diagnostic pop

namespace graven {

namespace learns = core::learns;
namespace loss = core::loss;
namespace metric = core::metric;
namespace optimizer = core::optimizer;
namespace schedule = core::schedule;
using core::Backbone;
using core::backbone_params;
using core::Initializer;
using core::Int8Head;
using core::Learned;
using core::Learns;
using core::Loss;
using core::Optimizer;
using core::Random;
using core::Replay;
using core::Restored;
using core::Trainable;
using core::TrainableDense;
using core::Trainer;
using core::TrainPolicy;

}  // namespace graven
