// A module with a door for each function of the second part that the first may call. A door has the second part
// fetched, and then calls what that has put in its place. They are all alike, so they are written here, not sent.
function doors() {
    const number = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...number(value >>> 7)]);
    const signed = (value) => (value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)]);
    const list = (items) => [...number(items.length), ...items.flat()];
    const section = (id, content) => [id, ...number(content.length), ...content];
    const text = (words) => list([...words].map((letter) => letter.charCodeAt(0)));
    const TYPES = { i: 0x7f, I: 0x7e, f: 0x7d, F: 0x7c, e: 0x6f };
    const signatures = SIGNATURES.split(" ").map((signature) => signature.split(":"));
    const types = signatures.map((sides) => [0x60, ...sides.flatMap((side) => list([...side].map((letter) => TYPES[letter])))]);
    const kinds = [], bodies = [], elements = [];
    [...PLAN].forEach((letter, slot) => {
        if (letter === " ") return;
        const kind = letter.charCodeAt(0) - 48;
        const handed = [...signatures[kind][0]].flatMap((_, index) => [0x20, ...number(index)]);
        const body = [0, 0x10, 0, ...handed, 0x41, ...signed(slot), 0x11, ...number(kind + 1), 0, 0x0b];
        elements.push([0, 0x41, ...signed(slot), 0x0b, 1, ...number(kinds.length + 1)]);
        kinds.push(number(kind + 1));
        bodies.push([...number(body.length), ...body]);
    });
    return Uint8Array.from([
        ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
        ...section(1, list([[0x60, 0, 0], ...types])),
        ...section(2, list([
            [...text(""), ...text("now"), 0, 0],
            [...text(""), ...text("table"), 1, 0x70, 0, 0],
        ])),
        ...section(3, list(kinds)),
        ...section(9, list(elements)),
        ...section(10, list(bodies)),
    ]);
}
