// See autograd/pch.

#include <doctest/doctest.h>

#include "autograd/pch/std_pch.h"
