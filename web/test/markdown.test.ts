/** What notes of HedgeDoc and HackMD use, feature by feature. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { renderBlocks } from "../src/markup/markup";
import { taskEdit } from "../src/markup/tasks";

const html = (text: string): string => renderBlocks(text, { smile: "😄", "+1": "👍" }).map((block) => block.html).join("");
const bare = (text: string): string => html(text).replace(/ dir="auto"| data-line="\d+"/g, "");

test("tables are aligned by class, not by style", () => {
  const table = bare("| a | b | c | d |\n|:--|:-:|--:|---|\n| 1 | 2 | 3 | 4 |\n");
  assert.match(table, /<th class="align-left">a<\/th>\n<th class="align-center">b<\/th>\n<th class="align-right">c<\/th>\n<th>d<\/th>/);
  assert.match(table, /<td class="align-left">1<\/td>\n<td class="align-center">2<\/td>/);
  assert.doesNotMatch(table, /style=/);
});

test("tasks have boxes with a label and their line, and can be ticked in the source", () => {
  const list = html("- [ ] open\n- [x] done **now**\n- [y] neither\n");
  assert.match(list, /<li class="task"[^>]*><input type="checkbox" class="task-box" data-line="0" aria-label="open" disabled> open<\/li>/);
  assert.match(list, /data-line="1" aria-label="done now" disabled checked> done <strong>/);
  assert.match(list, /<li[^>]*>\[y\] neither<\/li>/);
  const ticked = (line: string, done: boolean): string | null => {
    const edit = taskEdit(line, done);
    return edit === null ? null : line.slice(0, edit.at) + edit.insert + line.slice(edit.at + 1);
  };
  assert.equal(ticked("- [ ] a [ ]", true), "- [x] a [ ]");
  assert.equal(ticked("> 12. [X] a", false), "> 12. [ ] a");
  assert.equal(ticked("\t* [ ]", true), "\t* [x]");
  assert.equal(ticked("- [x] a", true), null);
  assert.equal(ticked("no task [ ]", true), null);
});

test("footnotes are numbered in order of use and lead back", () => {
  const text = bare("b[^b] a[^a] b[^b]\n\n[^a]: https://a.example\n[^b]: B\n\n    more\n\nlast^[here *now*]\n");
  assert.match(text, /b<sup class="footnote-ref"><a href="#fn1" id="fnref1">1<\/a><\/sup> a<sup class="footnote-ref"><a href="#fn2" id="fnref2">2/);
  assert.match(text, /id="fnref1-1">1<\/a>/);
  assert.match(text, /<li id="fn1" class="footnote-item"><p>B<\/p>\n<p>more <a href="#fnref1" class="footnote-backref">↩︎<\/a> <a href="#fnref1-1"/);
  assert.match(text, /<li id="fn2" class="footnote-item"><p><a href="https:\/\/a.example">https:\/\/a.example<\/a> <a href="#fnref2"/);
  assert.match(text, /<li id="fn3" class="footnote-item"><p>here <em>now<\/em>/);
});

test("headings have ids, and [TOC] links to them", () => {
  const text = bare("[TOC]\n\n# One\n\n### Deep\n\n## Two\n\n# One\n");
  assert.match(text, /<h1 id="one">One<\/h1>[^]*<h1 id="one-1">One<\/h1>/);
  assert.equal(
    /<nav[^]*<\/nav>/.exec(text)?.[0],
    '<nav class="toc"><ul><li><a href="#one">One</a><ul><li><ul><li><a href="#deep">Deep</a></li></ul></li><li><a href="#two">Two</a></li></ul></li><li><a href="#one-1">One</a></li></ul></nav>',
  );
});

test("containers are boxes, and spoilers are folded", () => {
  assert.match(bare(":::info\n**hi**\n:::\n"), /<div class="box box-info">\n<p><strong>hi<\/strong><\/p>\n<\/div>/);
  for (const kind of ["success", "warning", "danger"]) assert.match(bare(`:::${kind}\nx\n:::`), new RegExp(`box box-${kind}`));
  assert.match(bare("::: spoiler A *title*\nx\n:::"), /<details class="box box-spoiler">\n<summary>A <em>title<\/em><\/summary>\n<p>x<\/p>\n<\/details>/);
  assert.match(bare(':::spoiler {state="open"} T\nx\n:::'), /<details class="box box-spoiler" open>\n<summary>T</);
  assert.match(bare(":::: info\n:::warning\nx\n:::\n::::"), /box-info">\n<div class="box box-warning">\n<p>x<\/p>\n<\/div>\n<\/div>/);
  assert.match(bare(":::other\nx\n:::"), /<p>:::other/);
});

test("emoji, marks, insertions, sub- and superscript", () => {
  assert.equal(bare(":smile: :+1: :nope: 10:30:20"), "<p>😄 👍 :nope: 10:30:20</p>\n");
  assert.equal(bare("==m== ++i++ H~2~O x^2^ ~~s~~"), "<p><mark>m</mark> <ins>i</ins> H<sub>2</sub>O x<sup>2</sup> <s>s</s></p>\n");
});

test("definition lists and abbreviations", () => {
  assert.match(bare("Term\n: one\n: two\n"), /<dl>\n<dt>Term<\/dt>\n<dd>one<\/dd>\n<dd>two<\/dd>\n<\/dl>/);
  assert.match(bare("HTML here\n\n*[HTML]: Hyper Text\n"), /<p><abbr title="Hyper Text">HTML<\/abbr> here<\/p>/);
});

test("front matter is a quiet table, read without YAML", () => {
  const text = bare('---\ntitle: "A <b>"\ntags: [x, \'y\']\nlist:\n  - one\n  - two\ndeep:\n  a: &x [*x, *x]\n---\n# H\n');
  assert.match(text, /^<table class="front-matter"><tbody>\n<tr><th scope="row">title<\/th><td>A &lt;b&gt;<\/td><\/tr>/);
  assert.match(text, /<th scope="row">tags<\/th><td>x, y<\/td>[^]*<th scope="row">list<\/th><td>one, two<\/td>/);
  assert.match(text, /<td>a: &amp;x \[\*x, \*x\]<\/td>/);
  assert.match(text, /<h1 id="h">H<\/h1>/);
  assert.equal(renderBlocks("---\ntitle: x\n---\n# H\n")[0]?.lines, 3);
});

test("line breaks are breaks where the front matter says so", () => {
  assert.equal(bare("a\nb"), "<p>a\nb</p>\n");
  assert.match(bare("---\nbreaks: true\n---\na\nb"), /<p>a<br>\nb<\/p>/);
});

test("formulas keep their source, and prices stay prices", () => {
  assert.equal(bare("$a_1*b*$ and $$c$$"), '<p><code class="math">a_1*b*</code> and <code class="math math-display">c</code></p>\n');
  assert.equal(bare("$$\nx < y\n$$\n"), '<pre class="math math-display"><code>x &lt; y</code></pre>\n');
  assert.equal(bare("```math\nx\n```"), '<pre class="math math-display"><code>x</code></pre>\n');
  assert.equal(bare("$5 and $6, \\$7 $ 8"), "<p>$5 and $6, $7 $ 8</p>\n");
});

test("fences have a language, line numbers, or are drawings", () => {
  assert.equal(bare("```js\na\n```"), '<pre><code class="language-js">a\n</code></pre>\n');
  assert.match(bare("```js=9\na\nb\n```"), /<pre class="numbers" aria-hidden="true">9\n10<\/pre><pre><code class="language-js">a\nb\n/);
  assert.equal(bare("```mermaid\ngraph TD\n```"), '<pre class="diagram diagram-mermaid"><code>graph TD\n</code></pre>\n');
  assert.match(bare("```__proto__\na\n```"), /language-__proto__/);
});

test("what an HTML tag opens holds the markdown up to where it is closed", () => {
  const blocks = renderBlocks("<details>\n<summary>S</summary>\n\n**in**\n\n</details>\n\nout\n");
  assert.deepEqual(blocks.map(({ lines, raw }) => [lines, raw]), [[7, true], [1, false]]);
  assert.equal(renderBlocks("<div>\n\nnever closed\n\nx\n").length, 3);
});

test("each block has the direction of its own text", () => {
  assert.equal(html("مرحبا\n"), '<p dir="auto">مرحبا</p>\n');
  assert.match(html("- a\n"), /^<ul dir="auto">\n<li dir="auto">a<\/li>/);
  assert.match(html("| a |\n|---|\n"), /<table dir="auto">[^]*<th dir="auto">/);
});

test("script addresses are no links", () => {
  assert.doesNotMatch(html("[x](javascript:alert(1)) [y](vbscript:x) ![z](data:text/html,x)"), /href=|src=/);
});

test("images have the size that is written behind their address", () => {
  assert.equal(bare("![a *b*](/x.png =200x100)"), '<p><img src="/x.png" alt="a b" width="200" height="100"></p>\n');
  assert.equal(bare('![a](<x y.png> "T" =50%x)'), '<p><img src="x%20y.png" alt="a" title="T" width="50%"></p>\n');
  assert.equal(bare("![](x.png =x30)"), '<p><img src="x.png" alt="" height="30"></p>\n');
  for (const text of ["![](x.png =x)", "![](x.png =ax3)", "[a](x.png =2x3)", "![](x.png =200x100"]) {
    assert.doesNotMatch(bare(text), /width|height/, text);
  }
  assert.doesNotMatch(bare("![](javascript:x =2x3)"), /<img/);
});

test("a quote says who, when, and has a colour", () => {
  const said = bare("> said **so**\n> [name=Ana <b>] [time=Sun, Jun 28, 2015 9:59 PM] [color=#907bf7]\n");
  assert.match(said, /^<font color="#907bf7"><blockquote class="quote-coloured">\n<p>said <strong>so<\/strong>/);
  assert.match(said, /<span class="quote-time">Sun, Jun 28, 2015 9:59 PM<\/span>/);
  assert.match(said, /<\/blockquote>\n<\/font>\n$/);
  assert.doesNotMatch(said, /\[color/);
  const inner = bare("> outer\n> > inner [color=red]\n");
  assert.match(inner, /^<blockquote>\n<p>outer<\/p>\n<font color="red"><blockquote class="quote-coloured">/);
  assert.equal(bare("[name=Ana] [color=red]\n"), "<p>[name=Ana] [color=red]</p>\n");
  assert.match(bare('> [color=red" onload="x]\n'), /\[color=red&quot; onload=&quot;x\]/);
  assert.match(bare("> `[name=Ana]`\n"), /<code>\[name=Ana\]<\/code>/);
});
