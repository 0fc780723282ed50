#include "operation_tally.h"

namespace fct {

void TallyOperations(const uint16_t* operations, const uint32_t* objects, size_t size, uint32_t* counts) {
  // By turns in tables of their own: to add to the word that was just written would wait for it.
  constexpr size_t kTables = 4;
  uint32_t tables[kTables][2 * kTallied] = {};
  for (size_t i = 0; i < size; i++) {
    const size_t operation = operations[i] < kTallied ? operations[i] : 0;
    tables[i % kTables][operation + (objects[i] == 0 ? kTallied : 0)]++;
  }
  for (const auto& table : tables) {
    for (size_t operation = 0; operation < kTallied; operation++) {
      counts[operation] += table[operation] + table[operation + kTallied];
      counts[operation + kTallied] += table[operation + kTallied];
    }
  }
}

}  // namespace fct
