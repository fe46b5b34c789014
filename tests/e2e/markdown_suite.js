/**
 * Shows examples of a suite on a document's page, one after the other, and returns what its preview
 * consists of, as text that can be compared; or, for `isExpected`, what a browser makes of the HTML
 * that the suite expects, on a page without a policy.
 *
 * Left out are attributes that say nothing of the text, the elements that colours of code consist of,
 * and white space that no browser shows. GFM's suite has other elements for a few things.
 */
async ({ examples, isExpected }) => {
  const ADDED = "dir data-line id tabindex rel target loading decoding referrerpolicy".split(" ");
  const BLOCKS = new Set(
    ("address article aside blockquote br dd details div dl dt figure h1 h2 h3 h4 h5 h6 hr li ol p pre section summary " +
      "table tbody td tfoot th thead tr ul").split(" "),
  );

  const show = async (text) => {
    const view = document.querySelector(".pane-source .cm-content").cmTile.root.view;
    const { renderings } = window;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    while (window.renderings === renderings) await new Promise((done) => window.setTimeout(done, 1));
  };

  const shown = () => {
    const all = document.createElement("div");
    const blocks = document.querySelector(".preview .blocks").querySelectorAll(".block");
    for (const block of blocks) all.append(...block.cloneNode(true).childNodes, "\n");
    return all;
  };

  // As the body of a page: a start of its own keeps elements there that would else be the head's.
  const expected = (html) => {
    const { body } = new DOMParser().parseFromString(`<body><hr>${html}`, "text/html");
    body.firstElementChild.remove();
    return body;
  };

  const replace = (element, name, attributes = {}) => {
    const other = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) other.setAttribute(key, value);
    other.append(...element.childNodes);
    element.replaceWith(other);
  };

  /** What stands in the place of an image that the page does not load, by its words. */
  const MISSING = "image-missing";
  const isLoaded = (image) => /^https:/.test(image.getAttribute("src") ?? "");

  const simplify = (root) => {
    const comments = document.createNodeIterator(root, NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_PROCESSING_INSTRUCTION);
    for (let next; (next = comments.nextNode()) !== null; ) next.remove();
    for (const element of root.querySelectorAll("*")) {
      for (const name of ADDED) element.removeAttribute(name);
      const align = /^align-(\w+)$/.exec(element.className)?.[1];
      if (element.matches("pre > code")) element.textContent = element.textContent;
      else if (element.matches("img") && !isLoaded(element)) element.replaceWith(`[${MISSING}: ${element.alt || "Image"}]`);
      else if (element.matches(`.${MISSING}`)) element.replaceWith(`[${MISSING}: ${element.textContent.replace(/ \(not loaded: [^()]+\)$/, "")}]`);
      else if (element.matches("s")) replace(element, "del");
      else if (element.matches("th, td") && align !== undefined) replace(element, element.localName, { align });
      else if (element.matches("li.task")) replace(element, "li");
      else if (element.matches("input[type=checkbox]")) {
        replace(element, "input", { type: "checkbox", ...(element.hasAttribute("checked") ? { checked: "" } : {}) });
      }
    }
    root.normalize();
    return root;
  };

  const isEdge = (node) => node === null || (node.nodeType === Node.ELEMENT_NODE && BLOCKS.has(node.localName));

  /** As text, with attributes by name. */
  const written = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.parentElement.closest("pre") !== null) return JSON.stringify(node.data);
      let text = node.data.replace(/[ \t\n]+/g, " ");
      if (isEdge(node.previousSibling)) text = text.replace(/^ /, "");
      if (isEdge(node.nextSibling)) text = text.replace(/ $/, "");
      return text;
    }
    if (node.nodeType !== Node.ELEMENT_NODE) return "";
    const names = [...node.getAttributeNames()].sort();
    const attributes = names.map((name) => ` ${name}=${JSON.stringify(node.getAttribute(name))}`).join("");
    return `<${node.localName}${attributes}>${content(node)}</${node.localName}>`;
  };

  const content = (node) => [...node.childNodes].map(written).join("");

  const found = [];
  for (const example of examples) {
    if (!isExpected) await show(example);
    found.push(content(simplify(isExpected ? expected(example) : shown())));
  }
  return found;
}
