/* Until every file includes base/job.h. */
#include "base/job.h"
