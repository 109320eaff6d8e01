// Forms that ask the browser for a passkey: <form data-passkey="get"> or "create">. What to
// ask stands in the page (#passkey-options), or is fetched from the form's own address.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const says = form.querySelector("[data-passkey-says]");
  const { create, get, supported } = window.webauthnJSON;
  if (supported()) form.querySelector("button").hidden = false;
  else says.textContent = says.dataset.unsupported;

  const options = async () => {
    const here = document.getElementById("passkey-options");
    if (here) return JSON.parse(here.textContent);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  };
  const created = async () => {
    const { creation_options: asked } = await options();
    Object.assign(asked.publicKey.authenticatorSelection, {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    });
    return create(asked);
  };
  const used = async () => get((await options()).request_options);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    says.textContent = "";
    try {
      const answer = await (form.dataset.passkey === "create" ? created() : used());
      form.elements.credential.value = JSON.stringify(answer);
      form.submit();
    } catch (error) {
      const known = error.name === "InvalidStateError";
      says.textContent = known ? says.dataset.known : says.dataset.failed;
    }
  });
}
