// Buttons that print the page: <button data-print hidden>. Without JavaScript they stay
// hidden; a browser can print by itself.
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
