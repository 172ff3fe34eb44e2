/** Words of the data, in the language they are written in (WCAG 2.2, 3.1.2). */

const JAPANESE = /[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]/;

/** Put words into an element, and say when they are not in the language of the page. */
export function write(element, words) {
  element.textContent = words;
  if (document.documentElement.lang !== "ja" && JAPANESE.test(words)) element.lang = "ja";
  else element.removeAttribute("lang");
}
