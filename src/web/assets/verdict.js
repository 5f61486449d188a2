// Is the result to be believed: the verdict in words at the top, each remark as a sentence, and a person's own decision.
import { field, h, keep, put } from './dom.js';
import { when } from './format.js';
import T from './texts.js';

export function verdictOf(job, data) {
    if (job.review) return !job.review.accepted ? 'rejectedByHand' : job.accepted === false ? 'failedByHand' : 'byHand';
    if (job.accepted === false) return 'failedCheck';
    return (data ? data.flags.some((f) => f.level !== 'note') : (job.warnings ?? []).length > 0) ? 'check' : 'passed';
}

/** Numbers of such a scan are struck through. */
export const unusable = (kind) => kind === 'failedCheck' || kind === 'rejectedByHand';

function decision(job, decide) {
    const who = h('input', { type: 'text', autocomplete: 'name', value: keep.get('who'), maxlength: 200 });
    const reasons = h('datalist', { id: 'reasons' }, T.reasons.map((r) => h('option', { value: r })));
    const reason = h('input', { type: 'text', list: 'reasons', maxlength: 500 });
    const problem = h('p', { class: 'error', role: 'alert' });
    const send = (accepted) => {
        if (who.value.trim() === '') { put(problem, T.whoNeeded); who.focus(); return; }
        keep.set('who', who.value.trim());
        decide({ accepted, reason: reason.value.trim(), who: who.value.trim() });
    };
    return h('details', { class: 'screen' }, h('summary', {}, T.acceptOpen),
        h('div', { class: 'fields' }, field(T.who, who), field(T.reason, reason), reasons,
            h('div', { class: 'row' }, h('button', { type: 'button', onclick: () => send(true) }, T.accept),
                h('button', { type: 'button', class: 'danger', onclick: () => send(false) }, T.reject))), problem);
}

const levels = ['failed', 'warning', 'note'];
/** Remarks of quality control, the gravest first, a sentence each: items of a list. */
export const remarks = (flags) => (flags ?? []).slice().sort((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level)).map((flag) => h('li', {
    class: flag.level === 'note' ? 'soft' : null,
}, T.level[flag.level] ? h('strong', {}, `${T.level[flag.level]} `) : null, flag.sentence, flag.remedy ? h('span', { class: 'soft' }, ` ${flag.remedy}`) : null));

export function verdict(job, data, decide) {
    const kind = verdictOf(job, data);
    const colour = unusable(kind) ? 'bad' : kind === 'check' || kind === 'failedByHand' ? 'warn' : 'ok';
    const review = job.review
        ? h('p', {}, job.review.reason ? `${job.review.reason} ` : '', h('span', { class: 'soft' }, T.reviewed(job.review.who, when(job.review.when)))) : null;
    const flags = remarks(data.flags);
    const corrected = data.versions?.find((v) => v.number === data.version)?.by === 'hand';
    return h('section', { class: `verdict ${colour}`, 'aria-label': T.column.state },
        h('strong', {}, T.verdictTitle[kind]), T.verdictText[kind] ? h('p', {}, T.verdictText[kind]) : null, review,
        corrected ? h('p', { class: 'soft' }, T.checksBefore) : null, flags.length > 0 ? h('ul', {}, flags) : null, decide ? decision(job, decide) : null);
}
