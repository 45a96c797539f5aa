// Draws the plan of a choice of policies, sample by sample. policy.cc checks the arguments first.
#pragma once

#include <cstdint>

#include "plan/policy.h"

namespace fastmix {

// Whether a policy's plans need the image's number of frames.
bool cuts_frames(const Policy& policy);

// Draws a plan as draw_plan() does, but does not check the arguments.
Plan draw_checked(const Choice& choice, int32_t batch, const Extent& image, const DrawKey& key, const Samples& samples);

}  // namespace fastmix
