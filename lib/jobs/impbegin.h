/*
 * impbegin - what a run of the job impute does before the first line of its
 * recipe.
 */
#ifndef SHARD_IMPBEGIN_H
#define SHARD_IMPBEGIN_H

#include "jobs/impwords.h"

/* Makes the output and the artifacts the run's own, removes what does not
 * belong there, writes the lists, and guesses which values the fit will need.
 */
MUST_CHECK int impute_begin(struct job *j, struct err *e);

#endif
