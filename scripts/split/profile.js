// Which functions run while there is no second part.
window.mosaicRan = new Set();
const additional = { profile: { ran: (index) => void window.mosaicRan.add(index) } };
const load = __wbg_init;
const instantiated = () => {};
const hydrated = () => {};
window.mosaicRest = new Promise(() => {});
