#pragma once

namespace gradus::translate {

/// The physical cores that this process may run on, at least 1; two hyperthreads of a core count once, since they share
/// the units that a matrix product keeps busy.
int physical_cores();

/// How many threads to start: `wanted`, or one a physical core if that is 0.
inline int thread_count(int wanted) { return wanted > 0 ? wanted : physical_cores(); }

}
