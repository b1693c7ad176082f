// EXPECT: Model: the network needs more flash than plan::in_flash allows
#include "dense_in_flash.hpp"

#ifdef GRAVEN_BROKEN
Limited<16> model;
#else
Limited<256> model;
#endif
