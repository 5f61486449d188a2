// One scan: its progress, then its result. With /correct at the end of the address the labels can be painted.
import { get, post, remove, Failure } from './api.js';
import { ask, h, put, say } from './dom.js';
import { listen } from './live.js';
import { optionsCard } from './options.js';
import { problem, progress, stateMark } from './parts.js';
import { result } from './scan_result.js';
import T from './texts.js';

export async function show(main, [id, mode], current) {
    let job = await get(`/api/jobs/${id}`);
    if (!current()) return null;
    let end = null;
    let shown = null;
    const bar = progress();

    async function draw() {
        const kind = job.state === 'queued' || job.state === 'running' ? 'busy' : job.state;
        if (kind === 'busy') bar.update(job);
        if (kind === shown) return;
        shown = kind;
        if (kind === 'busy') {
            main.className = 'one';
            const trouble = h('div', {});
            put(main, h('h1', {}, job.name), h('div', { class: 'card' }, bar.element,
                h('div', { class: 'row' }, h('button', {
                    type: 'button', onclick: () => post(`/api/jobs/${id}/cancel`).catch((error) => put(trouble, problem(error))),
                }, T.cancel), h('a', { class: 'button quiet', href: '#/' }, T.again))), trouble);
        } else if (kind === 'done') {
            document.title = `${job.name} \u2013 dien`;
            main.className = '';
            say(T.state.passed && `${job.name}: ${stateMark(job).textContent}`);
            put(main, h('p', { class: 'soft', role: 'status' }, T.loading));
            try {
                const ended = await result(main, job, mode === '/correct', current);
                if (current()) end = ended; else ended?.();
            } catch (error) {
                put(main, h('h1', {}, job.name), problem(error));
            }
        } else {
            end?.();
            end = null;
            main.className = 'one';
            const trouble = h('div', {});
            const about = await get('/api/about').catch(() => ({}));
            if (!current() || shown !== kind) return;
            const set = optionsCard(T.againOptions, T.againNote, about, job.settings);
            put(main, h('h1', {}, job.name),
                kind === 'cancelled' ? h('div', { class: 'card', role: 'status' }, h('strong', {}, T.state.cancelled), h('p', {}, T.cancelled))
                    : problem(new Failure(0, job.error || T.state.failed, job.remedy)),
                h('div', { class: 'row' }, h('button', {
                    type: 'button', class: kind === 'cancelled' ? 'primary' : null, async onclick() {
                        try { job = await post(`/api/jobs/${id}/again`, set.element.open ? set.of() : {}); draw(); } catch (error) { put(trouble, problem(error)); }
                    },
                }, T.measureAgain), h('a', { class: kind === 'cancelled' ? 'button' : 'button primary', href: '#/' }, T.again), h('button', {
                    type: 'button', class: 'quiet', async onclick() {
                        if (!await ask(T.removeTitle(job.name), T.removeText, T.remove, T.cancel)) return;
                        try { await remove(`/api/jobs/${id}`); location.hash = '#/'; } catch (error) { put(trouble, problem(error)); }
                    },
                }, T.remove)), trouble, set.element);
        }
    }
    const news = listen('job', (now) => { if (now.id === id) { job = now; draw(); } });
    const again = listen('open', async () => { const now = await get(`/api/jobs/${id}`).catch(() => null); if (now) { job = now; draw(); } });
    const gone = listen('deleted', (one) => {
        if (one.id !== id || !current()) return; // by another tab, or by age
        end?.();
        end = null;
        shown = 'deleted';
        main.className = 'one';
        put(main, h('h1', {}, T.goneTitle), h('p', {}, T.gone), h('div', { class: 'row' }, h('a', { class: 'button primary', href: '#/' }, T.again)));
    });
    await draw();
    const ended = () => { news(); gone(); again(); end?.(); document.title = 'dien'; };
    ended.mayLeave = async () => !end?.mayLeave || end.mayLeave();
    return ended;
}
