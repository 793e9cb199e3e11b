#pragma once

namespace gradus::translate {

/// The physical cores that this process may run on, at least 1; two hyperthreads of a core count once, since they share
/// the units that a matrix product keeps busy.
int physical_cores();

/// How many threads to start: `wanted`, or, if that is 0, one a physical core. The ranks of a program that are on one
/// machine (ranks.h) share its cores.
int thread_count(int wanted);

}
