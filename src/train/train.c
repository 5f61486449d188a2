/* Reads the config and runs what is asked of it; with several processes the first writes and speaks for all. */
#include "train/train.h"

#include "base/job.h"
#include "base/memory.h"
#include "base/text.h"
#include "train/parallel/parallel.h"
#include "train/sample_picture.h"

#include <inttypes.h>
#include <stdlib.h>

/* What a run of this config would be. */
static dn_status summarise(const dn_train_config *config, char **out)
{
    char hash[65];
    dn_text text = {0};
    DN_TRY(dn_train_config_hash(config, hash));
    DN_TRY(dn_text_open(&text));
    fprintf(text.stream, "name\t%s\narchitecture\t%s %s\n", config->name, config->architecture, config->architecture_config);
    fprintf(text.stream, "patch\t%" PRId64 " x %" PRId64 " x %" PRId64 " voxels of %g x %g x %g mm\n", config->patch[0], config->patch[1],
            config->patch[2], config->spacing[0], config->spacing[1], config->spacing[2]);
    fprintf(text.stream, "classes\t%" PRId64 "\nlabel_maps\t%zu\nscans\t%zu\n", config->class_count, config->training.map_count,
            config->training.pair_count);
    fprintf(text.stream, "validation\t%" PRId64 " samples from %zu label maps and %zu scans\n", config->validation_samples,
            config->validation.map_count, config->validation.pair_count);
    fprintf(text.stream, "steps\t%" PRId64 "\noutput\t%s\nconfig_sha256\t%s\n", config->steps, config->output, hash);
    return dn_text_take(&text, out);
}

static void say_end(const dn_trainer_result *result)
{
    if (result->seconds > 0.0) {
        dn_log(DN_LOG_NOTE, "%s step %" PRId64 ", loss %.4f; %.1f s, of them %.1f %% waiting for samples",
               result->finished ? "done at" : "stopped and saved after", result->step, result->loss, result->seconds,
               100.0 * result->seconds_waited / result->seconds);
    }
}

/* The config's folder and threads, where the order has its own. */
static dn_status apply(const dn_train_order *order, dn_train_config *config)
{
    if (order->own_threads) {
        config->threads = 0;
    }
    if (order->output == NULL) {
        return DN_OK;
    }
    free(config->output);
    config->output = NULL;
    return dn_strdup(order->output, &config->output);
}

static dn_status train(const dn_train_order *order, const dn_peers *peers, dn_trainer_result *result, char **summary)
{
    const bool first = peers == NULL || peers->rank == 0;
    dn_trainer_options how = order->how;
    dn_train_config *config = NULL;
    dn_status status;
    how.peers = peers;
    how.check = order->check;
    DN_TRY(dn_peers_agree(peers, dn_train_config_read(order->config, order->steps, &config), &result->speaks));
    DN_TRY_GOTO(status, apply(order, config), done);
    if (order->check) {
        DN_TRY_GOTO(status, dn_trainer_run(config, &how, result), done);
        status = first ? summarise(config, summary) : DN_OK;
    } else if (order->preview != NULL) {
        status = first ? dn_sample_picture_write(config, order->preview) : DN_OK;
    } else {
        dn_log(DN_LOG_NOTE, "seed %" PRId64, config->seed);
        DN_TRY_GOTO(status, dn_trainer_run(config, &how, result), done);
        say_end(result);
    }
done:
    dn_train_config_destroy(config);
    return status;
}

/* Another process than the first says nothing but a failure that is its own. */
static dn_status train_among(const dn_train_order *order, dn_parallel *parallel, bool *speaks, char **summary)
{
    dn_trainer_result result = {.together = true, .speaks = true};
    const dn_peers *peers = dn_parallel_peers(parallel);
    const int rank = peers->rank;
    const int count = peers->count;
    dn_job quiet;
    dn_job *before = NULL;
    if (rank > 0) {
        dn_job_init(&quiet, NULL);
        dn_job_set_threads(&quiet, dn_threads_get());
        before = dn_job_enter(&quiet);
    }
    dn_status status = train(order, peers, &result, summary);
    if (rank > 0) {
        dn_job_leave(before);
        dn_job_release(&quiet);
    }
    dn_parallel_leave(parallel, result.together);
    *speaks = result.speaks;
    return status != DN_OK && rank > 0 && result.speaks ? dn_error_context(status, "process %d of %d", rank + 1, count) : status;
}

dn_status dn_train(const dn_train_order *order, char **summary, bool *speaks)
{
    dn_parallel *parallel;
    dn_trainer_result result = {0};
    *summary = NULL;
    *speaks = true;
    DN_TRY(dn_parallel_join(&parallel));
    return parallel == NULL ? train(order, NULL, &result, summary) : train_among(order, parallel, speaks, summary);
}
