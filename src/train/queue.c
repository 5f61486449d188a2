/* Threads that make samples while the network is trained. The n-th sample goes into slot n % capacity. */
#include "train/dataset.h"

#include "base/clock.h"
#include "base/job.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    bool ready;
    dn_status status;
    char message[1024];
    float *input;
    uint8_t *targets;
    float *soft; /* NULL: the data set has no probabilities */
} slot;

struct dn_queue {
    const dn_dataset *dataset;
    dn_job *job;            /* of whoever asks for samples */
    int64_t voxels, inputs; /* of a sample */
    int64_t shares;         /* values of its probabilities; 0: it has none */
    dn_queue_order order;
    int64_t taken, given; /* next to be made, next to be handed out; from 0 on */
    int workers, running; /* asked for; started */
    int capacity;
    bool closing;
    double waited;
    slot *slots;
    pthread_t *threads;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static int64_t sample_of(const dn_queue *queue, int64_t number)
{
    const dn_queue_order *o = &queue->order;
    return o->first + number / o->take * o->of + number % o->take;
}

static void *work(void *user)
{
    dn_queue *queue = user;
    dn_job job; /* one thread: its siblings take the other cores */
    dn_job_init_within(&job, queue->job, 1);
    dn_job_enter(&job);
    pthread_mutex_lock(&queue->lock);
    for (;;) {
        while (!queue->closing && queue->taken >= queue->given + queue->capacity) {
            pthread_cond_wait(&queue->changed, &queue->lock);
        }
        if (queue->closing) {
            break;
        }
        int64_t number = queue->taken++;
        slot *mine = &queue->slots[number % queue->capacity];
        pthread_mutex_unlock(&queue->lock);
        mine->status = dn_dataset_sample_soft(queue->dataset, sample_of(queue, number), mine->input, mine->targets, mine->soft);
        if (mine->status != DN_OK) {
            snprintf(mine->message, sizeof mine->message, "%s", dn_error_message());
        }
        pthread_mutex_lock(&queue->lock);
        mine->ready = true;
        pthread_cond_broadcast(&queue->changed);
    }
    pthread_mutex_unlock(&queue->lock);
    dn_job_leave(NULL);
    dn_job_release(&job);
    return NULL;
}

static dn_status allocate(dn_queue *queue)
{
    size_t voxels = (size_t)queue->voxels;
    DN_TRY(dn_alloc(&queue->slots, (size_t)queue->capacity, sizeof *queue->slots, "the queue of samples"));
    for (int s = 0; s < queue->capacity; ++s) {
        DN_TRY(dn_alloc(&queue->slots[s].input, (size_t)queue->inputs, sizeof(float), "the queue of samples"));
        DN_TRY(dn_alloc(&queue->slots[s].targets, voxels, 1, "the queue of samples"));
        if (queue->shares > 0) {
            DN_TRY(dn_alloc(&queue->slots[s].soft, (size_t)queue->shares, sizeof(float), "the queue of samples"));
        }
    }
    return dn_alloc(&queue->threads, (size_t)queue->workers, sizeof *queue->threads, "the queue of samples");
}

dn_status dn_queue_create(const dn_dataset *dataset, dn_queue_order order, int workers, int capacity, dn_queue **out)
{
    dn_status status = DN_OK;
    dn_queue *queue = NULL;
    DN_TRY(dn_alloc(&queue, 1, sizeof *queue, "the queue of samples"));
    queue->dataset = dataset;
    queue->job = dn_job_current();
    queue->order = order;
    queue->voxels = dn_dataset_voxels(dataset);
    queue->inputs = dn_dataset_inputs(dataset);
    queue->shares = dn_dataset_is_soft(dataset) ? queue->voxels * dn_dataset_classes(dataset) : 0;
    queue->workers = workers;
    queue->capacity = workers > 0 ? (capacity < 1 ? 1 : capacity) : 0;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    DN_TRY_GOTO(status, allocate(queue), fail);
    for (int w = 0; w < workers; ++w) {
        if (pthread_create(&queue->threads[w], NULL, work, queue) != 0) {
            DN_FAIL_GOTO(status, fail, DN_ENOMEM, "cannot start a thread that makes samples; use a smaller training.data_threads");
        }
        ++queue->running;
    }
    *out = queue;
    return DN_OK;
fail:
    dn_queue_destroy(queue);
    return status;
}

dn_status dn_queue_next(dn_queue *queue, float *input, uint8_t *targets, float *soft)
{
    double before = dn_clock_now();
    if (queue->workers == 0) {
        dn_status status =
            dn_dataset_sample_soft(queue->dataset, sample_of(queue, queue->given), input, targets, queue->shares > 0 ? soft : NULL);
        queue->given += status == DN_OK;
        queue->waited += dn_clock_now() - before;
        return status;
    }
    pthread_mutex_lock(&queue->lock);
    slot *next = &queue->slots[queue->given % queue->capacity];
    while (!next->ready) {
        pthread_cond_wait(&queue->changed, &queue->lock);
    }
    pthread_mutex_unlock(&queue->lock);
    queue->waited += dn_clock_now() - before;
    /* The slot is ours until `given` grows. */
    if (next->status != DN_OK) {
        return dn_error_set(next->status, "%s", next->message);
    }
    memcpy(input, next->input, (size_t)queue->inputs * sizeof *input);
    memcpy(targets, next->targets, (size_t)queue->voxels);
    if (soft != NULL && queue->shares > 0) {
        memcpy(soft, next->soft, (size_t)queue->shares * sizeof *soft);
    }
    pthread_mutex_lock(&queue->lock);
    next->ready = false;
    ++queue->given;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    return DN_OK;
}

double dn_queue_waited(const dn_queue *queue)
{
    return queue->waited;
}

void dn_queue_destroy(dn_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    pthread_mutex_lock(&queue->lock);
    queue->closing = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    for (int w = 0; w < queue->running; ++w) {
        pthread_join(queue->threads[w], NULL);
    }
    for (int s = 0; queue->slots != NULL && s < queue->capacity; ++s) {
        free(queue->slots[s].input);
        free(queue->slots[s].targets);
        free(queue->slots[s].soft);
    }
    free(queue->slots);
    free(queue->threads);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}
