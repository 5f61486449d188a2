// Small parts that several pages have: a failure in words, a state as a mark, a bar of progress.
import { h, put } from './dom.js';
import { seconds } from './format.js';
import T from './texts.js';

/** A failure: what, and what to do. */
export function problem(error) {
    if (!(error.status >= 0)) console.error(error);
    const [, first, rest] = String(error.message || error).match(/^(.{20,}?[.!?]) (.{80,})$/s) ?? [null, error.message || String(error), ''];
    return h('div', { class: 'verdict bad', role: 'alert' }, h('strong', {}, first), rest ? h('p', {}, rest) : null,
        error.remedy ? h('p', {}, error.remedy) : null);
}

/** A scan of a group in the same words. */
export function rowMark(row) {
    if (row.reason && !row.verdict) return stateMark({ state: 'failed' });
    const accepted = row.verdict === 'by_hand' && !row.review;
    return stateMark({ state: 'done', review: accepted ? { accepted } : row.review, accepted: row.verdict !== 'no', warnings: (row.flags ?? []).filter((f) => f.level !== 'note') });
}

/** What a job is at, in a word with a colour. Colour is never alone: the word says it. */
export function stateMark(job) {
    const state = job.state === 'done'
        ? job.review ? (job.review.accepted ? 'byHand' : 'rejectedByHand') : job.accepted === false ? 'failedCheck'
            : (job.warnings || []).length > 0 ? 'check' : 'passed'
        : job.state;
    const colour = { passed: 'ok', byHand: 'ok', check: 'warn', failedCheck: 'bad', rejectedByHand: 'bad', failed: 'bad' }[state] || 'soft';
    return h('span', { class: `mark ${colour}` }, T.state[state] || state);
}

/** A bar of progress with the step's name and the time left. update(job) sets it. */
export function progress() {
    const bar = h('progress', { max: 1, 'aria-label': T.progressLabel });
    const step = h('span', { class: 'step' });
    const left = h('span', { class: 'soft left' });
    const line = h('div', { class: 'progress' }, bar, h('div', { class: 'row spread' }, step, left));
    let fraction = -1;
    return {
        element: line,
        update(job) {
            if (job.state === 'queued') {
                bar.removeAttribute('value');
                put(step, T.state.queued);
                put(left, job.stage ? job.stage : T.queuedWhy);
                return;
            }
            fraction = Math.max(fraction, job.fraction ?? 0);
            bar.value = fraction;
            put(step, job.stage ? T.step(job.stage, job.stage_index, job.stage_count) : T.state.running);
            put(left, seconds(job.seconds_left));
        },
        upload(part, name) {
            bar.value = part;
            put(step, T.uploading(name));
            put(left, `${Math.round(100 * part)} %`);
        },
    };
}

/** Copies text and says so on the button. */
export function copyButton(text) {
    const button = h('button', {
        type: 'button', async onclick() {
            try {
                await navigator.clipboard.writeText(text());
                put(button, T.copied);
            } catch {
                put(button, T.copyFailed);
            }
            setTimeout(() => put(button, T.copy), 2500);
        },
    }, T.copy);
    return button;
}
