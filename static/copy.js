// Buttons that copy the text of an element: <button data-copies="#id"> beside a live
// region with the word to say, data-copied. Without JavaScript they stay hidden.
for (const button of document.querySelectorAll("button[data-copies]")) {
  const place = button.closest("[data-copy]");
  place.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const live = place.querySelector("[data-copied]");
    live.textContent = "";
    await navigator.clipboard.writeText(
      document.querySelector(button.dataset.copies).textContent.trim(),
    );
    live.textContent = live.dataset.copied;
  });
}
