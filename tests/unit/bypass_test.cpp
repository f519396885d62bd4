#include "support/expect.hpp"
