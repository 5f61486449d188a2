// The first view of the page in a browser, for bench/page.sh: NODE page_view.mjs ADDRESS PACKAGES CHROMIUM VISITS prints the median and the largest time in
// ms from the request to the page being there (its place for scans, its list, nothing left to load), its bytes and files, each visit with nothing kept.
import { createRequire } from 'node:module';
import path from 'node:path';

const [, , address, packages, chromium, visits] = process.argv;
const { chromium: engine } = createRequire(path.join(packages, 'package.json'))('playwright-core');
const browser = await engine.launch({ executablePath: chromium, args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'] });
const found = [];
for (let n = 0; n <= Number(visits); ++n) { // the first one warms the browser, and does not count
    const context = await browser.newContext({ viewport: { width: 1360, height: 900 } });
    const page = await context.newPage();
    await page.addInitScript(() => {
        const look = () => {
            if (document.querySelector('.drop') && document.querySelector('.recent, section h2')) requestAnimationFrame(() => requestAnimationFrame(() => { globalThis.seen ??= performance.now(); }));
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });
    await page.goto(address);
    const one = await page.waitForFunction(() => globalThis.seen && {
        ms: globalThis.seen,
        files: performance.getEntriesByType('resource').filter((e) => !e.name.includes('/api/')).length + 1,
        bytes: [...performance.getEntriesByType('resource').filter((e) => !e.name.includes('/api/')), ...performance.getEntriesByType('navigation')].reduce((sum, e) => sum + e.encodedBodySize, 0),
    });
    if (n > 0) found.push(await one.jsonValue());
    await context.close();
}
await browser.close();
const times = found.map((f) => f.ms).sort((a, b) => a - b);
console.log(`${times[Math.floor(times.length / 2)].toFixed(0)} ${times[times.length - 1].toFixed(0)} ${(found[0].bytes / 1000).toFixed(0)} ${found[0].files}`);
