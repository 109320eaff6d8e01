// A list that is searched while one types (select2) gets the name of its label: by itself it has none.
addEventListener("load", () => django.jQuery(() => {  // after Django's own, which makes it
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const name = select.labels[0]?.textContent ?? "";
    const box = select.parentElement.querySelector(".select2-selection");
    for (const part of [box, box.querySelector(".select2-selection__rendered")]) {
      part.removeAttribute("aria-labelledby");
      part.setAttribute("aria-label", name);
    }
    document.addEventListener("focusin", ({ target }) => {
      if (!target.matches(".select2-search__field")) return;
      target.setAttribute("aria-label", name);
      box.setAttribute("aria-controls", box.getAttribute("aria-owns"));
    });
  }
}));
