"""A call that can be pasted, in the languages that developers here write."""

from dataclasses import dataclass

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from .models import ApiKey, Environment


@dataclass(frozen=True)
class Example:
    id: str
    language: str
    code: str


@sensitive_variables()
def of(key: ApiKey, secret: str | None = None) -> list[Example]:
    """The first call of this key; without its secret it reads the variable APIKEY."""
    called = next((api.example for api in key.apis if api.example), None)
    if called is None:
        return []
    test = key.environment == Environment.TEST
    url = (settings.TEST_API_BASE_URL if test else settings.API_BASE_URL) + called
    return [
        Example(
            id, language, code.replace("{url}", url).replace("{key}", _read(id, secret))
        )
        for id, (language, code) in CALLS.items()
    ]


@sensitive_variables()
def _read(id: str, secret: str | None) -> str:
    """How the language gets the key: written out, or from its environment."""
    if secret:
        return secret if id == "curl" else f'"{secret}"'
    return FROM_ENVIRONMENT[id]


FROM_ENVIRONMENT = {
    "curl": "$APIKEY",
    "python": 'os.environ["APIKEY"]',
    "javascript": "process.env.APIKEY",
    "java": 'System.getenv("APIKEY")',
    "csharp": 'Environment.GetEnvironmentVariable("APIKEY")',
}
CALLS = {
    "curl": ("curl", 'curl --header "apikey: {key}" "{url}"'),
    "python": (
        "Python",
        """\
import json, os, urllib.request

request = urllib.request.Request(
    "{url}",
    headers={"apikey": {key}},
)
with urllib.request.urlopen(request, timeout=10) as answer:
    print(json.load(answer))""",
    ),
    "javascript": (
        "JavaScript",
        """\
const answer = await fetch("{url}", {
  headers: { apikey: {key} },
  signal: AbortSignal.timeout(10_000),
});
console.log(await answer.json());""",
    ),
    "java": (
        "Java",
        """\
import java.net.URI;
import java.net.http.*;

class Call {
  public static void main(String[] args) throws Exception {
    var request = HttpRequest.newBuilder(URI.create("{url}"))
        .header("apikey", {key})
        .build();
    var answer = HttpClient.newHttpClient()
        .send(request, HttpResponse.BodyHandlers.ofString());
    System.out.println(answer.body());
  }
}""",
    ),
    "csharp": (
        "C#",
        """\
using var client = new HttpClient();
client.DefaultRequestHeaders.Add("apikey", {key});
Console.WriteLine(await client.GetStringAsync("{url}"));""",
    ),
}
