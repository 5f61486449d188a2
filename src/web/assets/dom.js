// Makes elements. Text is always text: nothing here takes HTML, so a name in a scan cannot become a part of the page.

/** h('p', {class: 'soft'}, 'text', child): an element. on*: listeners; css: properties of its style (through the CSSOM, which the policy
 *  allows); true and false: attributes that are there or not; null: left out. */
export function h(tag, attributes = {}, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
    return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
        else if (name === 'css') for (const [key, v] of Object.entries(value)) element.style.setProperty(key, v);
        else if (name === 'value') element.value = value;
        else element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
}

/** Puts other children into an element. */
export function put(element, ...children) {
    element.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
}

/** Tells a screen reader something that others see. */
export function say(text) {
    const line = document.getElementById('say');
    line.textContent = '';
    requestAnimationFrame(() => { line.textContent = text; });
}

/** A field with its label: field('Age', input). */
let fields = 0;
export function field(label, input) {
    input.id ||= `field-${++fields}`;
    return h('div', { class: 'field' }, h('label', { for: input.id }, label), input);
}

/** A choice: pairs of [value, text]. */
export function choice(pairs, value, onchange, attributes = {}) {
    const select = h('select', { ...attributes, onchange: (event) => onchange?.(event.target.value) },
        pairs.map(([v, text]) => h('option', { value: v, selected: String(v) === String(value) }, text)));
    return select;
}

/** Asks in a dialog; answers true, or false when it was closed. */
export function ask(title, text, yes, no) {
    return new Promise((answer) => {
        const dialog = h('dialog', { class: 'ask', 'aria-label': title },
            h('h2', {}, title), h('p', {}, text),
            h('form', { method: 'dialog', class: 'row' },
                h('button', { class: 'danger', value: 'yes' }, yes), h('button', { value: 'no', autofocus: true }, no)));
        dialog.addEventListener('close', () => { answer(dialog.returnValue === 'yes'); dialog.remove(); });
        document.body.append(dialog);
        dialog.showModal();
    });
}

/** What is kept in this browser between visits (a name, a choice); never anything of a scan. */
export const keep = {
    get(key, otherwise = '') { try { return localStorage.getItem(`dien.${key}`) ?? otherwise; } catch { return otherwise; } },
    set(key, value) { try { localStorage.setItem(`dien.${key}`, value); } catch { /* a private window keeps nothing */ } },
};
