// Says in words that an act came to nothing: htmx swaps no answer of 4xx or 5xx, and has
// none when the connection is lost. The words stand on #messages, in the page's language.
const say = (kind) => {
  const place = document.getElementById("messages");
  const notice = document.createElement("div");
  notice.className = "utrecht-alert utrecht-alert--error portal-notice portal-notice--now";
  const content = notice.appendChild(document.createElement("div"));
  content.className = "utrecht-alert__content";
  content.appendChild(document.createElement("p")).textContent = place.dataset[kind];
  place.replaceChildren(notice);
};
const KINDS = { 403: "refused", 404: "missing", 409: "missing", 410: "missing" };

document.addEventListener("htmx:responseError", ({ detail }) =>
  say(KINDS[detail.xhr.status] || "failed"),
);
document.addEventListener("htmx:sendError", () => say("lost"));
document.addEventListener("htmx:timeout", () => say("lost"));
