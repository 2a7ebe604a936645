// Hides whatever lacks a word that is typed. Case and accents don't count.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const field = document.querySelector("input[type=search]");
const found = document.querySelector("#found");
const items = [...document.querySelectorAll("[data-item]")].map((item) => [item, plain(item.textContent)]);
const search = () => {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const [item, text] of items) {
    item.hidden = !words.every((word) => text.includes(word));
    shown += !item.hidden;
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = words.length > 0 && !group.querySelector("[data-item]:not([hidden])");
  }
  found.textContent = words.length ? `${shown} found` : "";
};
field.addEventListener("input", search);
search();
