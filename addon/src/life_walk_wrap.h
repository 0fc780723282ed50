// LifeWalk and the tally of operations as JavaScript knows them.
#ifndef FCT_LIFE_WALK_WRAP_H
#define FCT_LIFE_WALK_WRAP_H

#include <napi.h>

namespace fct {

void InitLifeWalk(Napi::Env env, Napi::Object exports);

}  // namespace fct

#endif  // FCT_LIFE_WALK_WRAP_H
