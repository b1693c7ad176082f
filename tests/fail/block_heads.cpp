// EXPECT: DecoderBlock, EncoderBlock: Heads must be at least 1 and divide Dim.
#include <graven/graven.hpp>
#include <graven/transformer.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Block = EncoderBlock<8, 3, 16>;
#else
using Block = EncoderBlock<8, 2, 16>;
#endif
static_assert(sizeof(Block) > 0);
