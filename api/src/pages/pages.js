// What the links of mails lead to. Everything is asked of the API; nothing is kept but the access token, for this tab.
const API = "/api/v1";
const TOKEN = "usher.access";
const page = document.getElementById("page");
const status = document.getElementById("status");

class Refused extends Error {
  constructor(problem) {
    const fields = (problem.errors ?? []).map((error) => error.message).filter(Boolean);
    super([problem.detail ?? "Something went wrong.", ...fields].join(" "));
    this.code = problem.code;
    this.status = problem.status;
    this.challenge = problem.challenge;
  }
}

async function ask(method, path, body) {
  const headers = {};
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(API + path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Refused({ detail: "The server cannot be reached. Try again." });
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Refused({ status: answer.status, ...problem });
}

const json = async (method, path, body) => (await ask(method, path, body)).json();

// Texts of others are text, never markup.
function element(name, properties = {}, ...children) {
  const { label, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  if (label) made.setAttribute("aria-label", label);
  made.append(...children);
  return made;
}

const show = (...children) => page.replaceChildren(...children);
const say = (text) => { status.textContent = text; };

function link(text, href) {
  return element("p", {}, element("a", { href, textContent: text }));
}

// A form that is sent once at a time. `fields`: name, label, type, autocomplete.
function form(fields, action, send) {
  const inputs = fields.flatMap(([name, label, type, autocomplete]) => {
    const input = element("input", { id: `field-${name}`, name, type, autocomplete, required: true });
    if (autocomplete === "new-password") Object.assign(input, { minLength: 8, maxLength: 256 });
    return [element("label", { htmlFor: input.id, textContent: label }), input];
  });
  const fault = element("p", { role: "alert" });
  const button = element("button", { type: "submit", textContent: action });
  const made = element("form", {}, ...inputs, button, fault);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    fault.textContent = "";
    try {
      await send(Object.fromEntries(new FormData(made)));
    } catch (refused) {
      fault.textContent = refused.message;
    } finally {
      button.disabled = false;
    }
  });
  return made;
}

function act(text, run) {
  const button = element("button", { type: "button", textContent: text });
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await run();
    } catch (refused) {
      say(refused.message);
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

// Taken out of the address at once, so that it is in no history.
function fragment(name) {
  const value = new URLSearchParams(location.hash.slice(1)).get(name);
  if (value) history.replaceState(null, "", location.pathname);
  return value;
}

// Begins a session by this call, and by a code of the second factor where the account has one.
async function begin(path, body, then) {
  const keep = async (tokens) => {
    sessionStorage.setItem(TOKEN, tokens.access_token);
    await then(tokens);
  };
  let tokens;
  try {
    tokens = await json("POST", path, body);
  } catch (refused) {
    if (refused.code !== "SECOND_FACTOR_REQUIRED") throw refused;
    const { challenge } = refused;
    const fields = [["code", "Code of your second factor", "text", "one-time-code"]];
    return show(form(fields, "Go on", async ({ code }) =>
      keep(await json("POST", "/auth/second-factor", { challenge, code }))));
  }
  await keep(tokens);
}

function signIn(then) {
  const fields = [["email", "E-mail address", "email", "username"], ["password", "Password", "password", "current-password"]];
  const login = form(fields, "Sign in", (typed) => begin("/auth/login", typed, then));
  show(login, link("I have forgotten my password", "/forgot-password"));
}

// Runs `work` for somebody who is signed in, and asks for it where needed.
async function signedIn(work) {
  const run = async () => {
    try {
      await work();
    } catch (refused) {
      if (refused.status !== 401) throw refused;
      sessionStorage.removeItem(TOKEN);
      signIn(run);
    }
  };
  await (sessionStorage.getItem(TOKEN) ? run() : signIn(run));
}

const money = ({ amount_minor, currency }) => {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.format(amount_minor / 10 ** format.resolvedOptions().maximumFractionDigits);
};
const time = (at, timeZone = "UTC") =>
  new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "short", timeZone }).format(new Date(at));
const facts = (rows) =>
  element("dl", {}, ...rows.filter(([, value]) => value).flatMap(([name, value]) =>
    [element("dt", { textContent: name }), element("dd", { textContent: value, dir: "auto" })]));
const place = ({ seat, area }) => seat ?? area;

async function file(path, name) {
  const url = URL.createObjectURL(await (await ask("GET", path)).blob());
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

const id = () => encodeURIComponent(location.pathname.split("/")[2]);
const noLink = () => say("The link is not complete. Follow it from the mail once more.");

const PAGES = {
  async start() {
    const code = fragment("sign_in");
    if (!code) return;
    await begin("/auth/google/exchange", { code }, (tokens) => {
      show();
      say(`You are signed in as ${tokens.user.name}.`);
    });
  },

  // Not by following the link alone: programs that read mails follow links, too.
  async "confirm-email"() {
    const token = fragment("token");
    if (!token) return noLink();
    show(act("Confirm my address", async () => {
      await ask("POST", "/auth/confirm-email", { token });
      show(link("Your tickets", "/tickets"));
      say("The address is confirmed.");
    }));
  },

  async "confirm-email-change"() {
    const token = fragment("token");
    if (!token) return noLink();
    show(act("Use this address", async () => {
      await ask("POST", "/auth/confirm-email-change", { token });
      show(link("Your tickets", "/tickets"));
      say("The address is your account's from now on.");
    }));
  },

  async "forgot-password"() {
    show(form([["email", "E-mail address", "email", "username"]], "Send me a link", async (typed) => {
      await ask("POST", "/auth/forgot-password", typed);
      show();
      say("If there is an account with this address, a mail is on its way to it.");
    }));
  },

  async "reset-password"() {
    const token = fragment("token");
    if (!token) return noLink();
    const fields = [["password", "New password, 8 characters at least", "password", "new-password"]];
    show(form(fields, "Change the password", async ({ password }) => {
      await ask("POST", "/auth/reset-password", { token, password });
      sessionStorage.removeItem(TOKEN);
      show(link("Sign in to your tickets", "/tickets"));
      say("The password is changed, and all devices are signed out.");
    }));
  },

  async "ticket-transfer"() {
    const token = fragment("token");
    if (!token) return noLink();
    const offer = await json("POST", "/ticket-transfers/preview", { token });
    const told = facts([
      ["Event", offer.event_title], ["When", time(offer.starts_at, offer.timezone)], ["Ticket", offer.tier_name],
      ["Place", place(offer)], ["From", offer.from_name], ["For", offer.email],
      ["Open until", time(offer.expires_at, offer.timezone)],
    ]);
    if (offer.state !== "open") {
      show(told);
      return say("The offer is not open any more.");
    }
    const answer = (verb, done) => signedIn(async () => {
      await ask("POST", `/ticket-transfers/${offer.id}/${verb}`, {});
      show(told, link("Your tickets", "/tickets"));
      say(done);
    });
    const actions = element("div", { className: "actions" },
      act("Accept the ticket", () => answer("accept", "The ticket is yours.")),
      act("Decline it", () => answer("decline", "You have declined the ticket.")));
    show(told, actions);
  },

  orders: () => signedIn(async () => {
    const { items } = await json("GET", "/orders");
    const lines = items.map((order) => element("li", {},
      element("a", { href: `/orders/${order.id}`, textContent: time(order.placed_at) }),
      ` ${money(order.total)}, ${order.status.replaceAll("_", " ")}`));
    show(lines.length ? element("ul", { className: "events" }, ...lines) : element("p", { textContent: "There are none." }));
  }),

  order: () => signedIn(async () => {
    const order = await json("GET", `/orders/${id()}`);
    const items = order.items.map((item) => [item.tier_name, `${item.quantity} × ${money(item.price)} ${place(item) ?? ""}`]);
    const event = order.event ?? {};
    const tickets = (order.tickets ?? []).map((ticket) =>
      link(`Ticket ${place(ticket) ?? ticket.tier_name}`, `/tickets/${ticket.id}`));
    show(facts([
      ["Event", event.title], ["When", event.starts_at && time(event.starts_at, event.timezone)],
      ["Where", event.location], ...items, ["Total", money(order.total)],
      ["Refunded", order.refunded.amount_minor ? money(order.refunded) : ""],
      ["Status", order.status.replaceAll("_", " ")],
    ]), ...tickets, link("The event", `/events/${order.event_id}`));
  }),

  tickets: () => signedIn(async () => {
    const { items } = await json("GET", "/tickets");
    const lines = items.map((ticket) => element("li", {},
      element("a", { href: `/tickets/${ticket.id}`, textContent: `${ticket.tier_name} ${place(ticket) ?? ""}` }),
      ` ${ticket.state.replaceAll("_", " ")}`));
    show(lines.length ? element("ul", { className: "events" }, ...lines) : element("p", { textContent: "There are none." }));
  }),

  ticket: () => signedIn(async () => {
    const ticket = await json("GET", `/tickets/${id()}`);
    const told = facts([
      ["Ticket", ticket.tier_name], ["Place", place(ticket)], ["Price", money(ticket.price)],
      ["State", ticket.state.replaceAll("_", " ")],
    ]);
    const event = link("The event", `/events/${ticket.event_id}`);
    if (ticket.state === "voided") return show(told, event);
    const picture = URL.createObjectURL(await (await ask("GET", `/tickets/${ticket.id}/qr`)).blob());
    const code = element("img", { className: "code", src: picture, alt: "Ticket code: show it at the entrance" });
    show(code, told, act("Save as PDF", () => file(`/tickets/${ticket.id}/pdf`, "ticket.pdf")), event);
  }),
};

try {
  await PAGES[page.dataset.page]();
} catch (refused) {
  say(refused.message);
}
