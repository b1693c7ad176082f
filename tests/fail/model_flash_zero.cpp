// EXPECT: Model: the network needs more flash than plan::in_flash allows
#include "dense_in_flash.hpp"

#ifdef GRAVEN_BROKEN
Limited<100 - 200> model;  // code left nothing
#else
Limited<400 - 100> model;
#endif
