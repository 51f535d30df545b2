const REST = new URL("mosaic_rest.wasm", import.meta.url);
const additional = {};
let isWhole = false;

// On the page of matches with no chat open the first part is enough to begin with.
async function load(input) {
    if (location.pathname === "/" && !new URLSearchParams(location.search).has("chat")) {
        window.mosaicRest = new Promise((resolve) => (begin = resolve)).then(() => complete(compile()));
        return __wbg_init(input);
    }
    const compiled = compile();
    const exports = await __wbg_init(input);
    await complete(compiled);
    return exports;
}

let begin = () => {};

function instantiated() {
    new WebAssembly.Instance(new WebAssembly.Module(doors()), { "": { now: fetchAtOnce, table: wasm["TABLE"] } });
}

// Interactive: in the next task, so that everything which follows from that goes first.
function hydrated() {
    setTimeout(begin);
}

const compile = () => WebAssembly.compileStreaming(fetch(REST));

async function complete(compiled) {
    for (let pause = 500; !isWhole; pause = Math.min(2 * pause, 30000)) {
        try {
            join(await compiled);
        } catch (error) {
            console.warn("The second part of the page could not be loaded.", error);
            await new Promise((resolve) => setTimeout(resolve, pause));
            compiled = compile();
        }
    }
}

// The first part asks for the second in the middle of a call. It cannot wait, so the page does.
function fetchAtOnce() {
    const request = new XMLHttpRequest();
    request.open("GET", REST, false);
    // The only way to read bytes without waiting: each as a character whose low half it is.
    request.overrideMimeType("text/plain; charset=x-user-defined");
    request.send();
    const bytes = Uint8Array.from(request.responseText, (character) => character.charCodeAt(0));
    join(new WebAssembly.Module(bytes));
}

// Once and in one go: the second part brings data, which nothing may have changed yet.
function join(module) {
    if (isWhole) return;
    new WebAssembly.Instance(module, imports());
    isWhole = true;
    delete window.mosaicRest;
}

// Functions of the first part have a number: their place in the table.
const imports = () => ({
    ...__wbg_get_imports(),
    first: new Proxy({}, { get: (_, name) => wasm[name] ?? wasm["TABLE"].get(Number(name)) }),
});
