// What a reader types, in the form in which names are compared. The same as
// pipeline/standardise/search_keys.py, which has the reasons; tests hold both to one list.

const KANJI = "々\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff";
const NUMERAL = /[〇一二三四五六七八九十百]+(?=丁目?|番地|番(?![町街館])|号|条|線)/g;
const PARTICLE = new RegExp(`(?<=[${KANJI}])[がけ]`, "g");
const HYPHEN = /(?<=[0-9])[-\u2010-\u2015\u2212ー](?=[0-9])/g;
const DROPPED = /\s|[・･]|大字|(?<=[市区町村])字/g;
const DIGITS = "〇一二三四五六七八九";
const SMALL = "ぁぃぅぇぉっゃゅょゎゕゖ";
const LARGE = "あいうえおつやゆよわかけ";
const VOICED = "がぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽゔ";
const PLAIN = "かきくけこさしすせそたちつてとはひふへほはひふへほう";
const plain = new Map([...VOICED].map((sign, i) => [sign, PLAIN[i]]));
plain.set("ー", "");
const MARKED = new RegExp(`[ー${VOICED}]`);

/** @param kanji old and variant kanji with the one that stands for them */
export function searchKey(text, kanji) {
  let folded = "";
  for (const sign of text.normalize("NFKC").toLowerCase()) folded += foldSign(sign, kanji);
  return folded
    .replace(NUMERAL, number)
    .replace(PARTICLE, "か")
    .replace(HYPHEN, "-")
    .replace(DROPPED, "");
}

/** A key without long vowel and voicing marks, for a second look. */
export function looseKey(key) {
  if (!MARKED.test(key)) return key; // most names are kanji, and there may be 100,000 of them
  let loose = "";
  for (const sign of key) loose += plain.get(sign) ?? sign;
  return loose;
}

function foldSign(sign, kanji) {
  const code = sign.codePointAt(0);
  const kana = code >= 0x30a1 && code <= 0x30f6 ? String.fromCodePoint(code - 0x60) : sign;
  const small = SMALL.indexOf(kana);
  if (small >= 0) return LARGE[small];
  return kana === "之" ? "の" : kanji[kana] ?? kana;
}

function number(numeral) {
  if (!/[十百]/.test(numeral)) return [...numeral].map((sign) => DIGITS.indexOf(sign)).join("");
  let total = 0;
  let digit = 0;
  for (const sign of numeral) {
    if (DIGITS.includes(sign)) digit = DIGITS.indexOf(sign);
    else {
      total += (digit || 1) * (sign === "百" ? 100 : 10);
      digit = 0;
    }
  }
  return String(total + digit);
}
