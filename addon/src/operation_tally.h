// How often each operation occurs: what harness/oracle/census.ts counts.
#ifndef FCT_OPERATION_TALLY_H
#define FCT_OPERATION_TALLY_H

#include <cstddef>
#include <cstdint>

namespace fct {

constexpr size_t kTallied = 256;

// Adds to counts[operation] and, of those without an object (id 0), to counts[kTallied + operation] as well.
// What is not below kTallied counts as 0.
void TallyOperations(const uint16_t* operations, const uint32_t* objects, size_t size, uint32_t* counts);

}  // namespace fct

#endif  // FCT_OPERATION_TALLY_H
