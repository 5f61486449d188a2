// News from the server as they happen: one stream for the whole page, and a line at the top when the server is gone.
import T from './texts.js';

const listeners = { job: new Set(), deleted: new Set(), training: new Set(), open: new Set() };
let source = null;
let lost = false;

function tell(kind, data) {
    for (const listener of listeners[kind]) listener(data);
}

function away(yes) {
    const line = document.getElementById('offline');
    line.hidden = !yes;
    line.textContent = yes ? T.serverLost : '';
    if (lost && !yes) tell('open', null);
    lost = yes;
}

function open() {
    source = new EventSource('/api/events');
    for (const kind of ['job', 'deleted', 'training']) {
        source.addEventListener(kind, (event) => tell(kind, JSON.parse(event.data)));
    }
    source.addEventListener('open', () => away(false));
    source.addEventListener('error', () => {
        away(true);
        // The browser tries again by itself, but not after an answer that was an error.
        if (source.readyState === EventSource.CLOSED) setTimeout(open, 2000);
    });
}

/** Calls listener with each news of a kind: job, deleted (a scan), training, open (the server is back). Returns what ends it. */
export function listen(kind, listener) {
    if (source === null) open();
    listeners[kind].add(listener);
    return () => listeners[kind].delete(listener);
}
