"""What people type who want a page to do something: each is harmless here, and must come out as text.

Gathered from the kinds in OWASP's XSS filter evasion cheat sheet, html5sec.org and reports about sanitisers, in words of
our own. `ALERT` in a dialog, in the console or in a request is how a browser would show that one of them works.
"""

ALERT = "alert(75316429)"
ELSEWHERE = "https://evil.example"

CORPUS = [
    # Elements that run something.
    f"<script>{ALERT}</script>",
    f"<ScRiPt/x>{ALERT}</sCrIpT >",
    f'<script src="{ELSEWHERE}/x.js"></script>',
    f"<img src=x onerror={ALERT}>",
    f'"><img src=x onerror="{ALERT}">',
    f"'><svg onload={ALERT}>",
    f"<svg><script>{ALERT}</script></svg>",
    f'<svg><animate attributeName=href values="javascript:{ALERT}" /><a id=x><text>x</text></a></svg>',
    f"<svg><foreignObject><body onload={ALERT}></foreignObject></svg>",
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={ALERT}&gt;">',
    f"<body onload={ALERT}>",
    f"<details open ontoggle={ALERT}>",
    f"<video><source onerror={ALERT}></video>",
    f'<iframe src="javascript:{ALERT}"></iframe>',
    f"<iframe srcdoc='<script>{ALERT}</script>'></iframe>",
    f'<object data="data:text/html,<script>{ALERT}</script>"></object>',
    f'<embed src="{ELSEWHERE}/x.swf">',
    f'<meta http-equiv="refresh" content="0;url=javascript:{ALERT}">',
    f'<base href="{ELSEWHERE}/">',
    f'<form action="{ELSEWHERE}"><input name=csrf_token><button formaction="javascript:{ALERT}">x</button></form>',
    f'<a href="javascript:{ALERT}">x</a>',
    f"<input autofocus onfocus={ALERT}>",
    # Out of where a text may stand.
    f'" autofocus onfocus={ALERT} x="',
    f"' onmouseover={ALERT} '",
    f"</title><script>{ALERT}</script>",
    f"</textarea><script>{ALERT}</script>",
    f"--><script>{ALERT}</script><!--",
    f"]]><script>{ALERT}</script><![CDATA[",
    f"</script><script>{ALERT}</script>",
    f"\\u003cscript\\u003e{ALERT}",
    f"`-{ALERT}-`",
    # Links that run something, or lie.
    f"javascript:{ALERT}",
    f"JaVaScRiPt:{ALERT}//https://a.example",
    f"java\tscript:{ALERT}",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCg3NTMxKTwvc2NyaXB0Pg==",
    f"vbscript:{ALERT}",
    f'https://a.example/"onmouseover="{ALERT}',
    f"https://a.example/'><script>{ALERT}</script>",
    f"https://a.example/<img/src=x/onerror={ALERT}>",
    "https://user:password@a.example/",
    "http://[::1]/\u202egpj.exe",
    f'#tag"onclick={ALERT} @name"onclick={ALERT}',
    f"#<script>{ALERT}</script>",
    # Entities, once and twice.
    f"&lt;script&gt;{ALERT}&lt;/script&gt;",
    f"&amp;lt;script&amp;gt;{ALERT}",
    f"&#x3C;img src=x onerror={ALERT}&#x3E;",
    f"&#0000060script&#0000062{ALERT}",
    f"<a href=&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;{ALERT}>x</a>",
    # Tricks of encoding.
    f"\uff1cscript\uff1e{ALERT}\uff1c/script\uff1e",
    f"<scr\u0000ipt>{ALERT}</scr\u0000ipt>",
    f"<img\u000bsrc=x\u000conerror={ALERT}>",
    f"\ufeff<script>{ALERT}</script>",
    f"\u2028{ALERT}\u2029",
    f"\u202e>tpircs/<{ALERT}\u202c",
    f"<\u017fcript>{ALERT}</\u017fcript>",
    f"+ADw-script+AD4-{ALERT}+ADw-/script+AD4-",
    "%3Cscript%3Ealert(75316429)%3C/script%3E",
    # Broken markup.
    f"<<script>{ALERT}//<</script>",
    f"<img src=x onerror={ALERT}//",
    f"<p title='</p><img src=x onerror={ALERT}>'>",
    f'<noscript><p title="</noscript><img src=x onerror={ALERT}>">',
    f"<template><script>{ALERT}</script></template>",
    f'<xmp><p title="</xmp><script>{ALERT}</script>">',
    # Style.
    f"<style>@import url({ELSEWHERE}/x.css);</style>",
    f'<p style="background:url({ELSEWHERE}/x)">x</p>',
    f"<link rel=stylesheet href={ELSEWHERE}/x.css>",
    # Templates and formats.
    "{{7*7*75316429}}",
    "{% print(7*7*75316429) %}",
    "${7*7*75316429} #{7*7*75316429} <%= 7*7*75316429 %>",
    "{0.__class__} %(password)s %n%s%x",
    "{{constructor.constructor('alert(75316429)')()}}",
    # What htmx would obey.
    f"<p hx-get={ELSEWHERE} hx-trigger=load>x</p>",
    f"<p hx-on:load={ALERT}>x</p>",
    # Headers and lines.
    "x\r\nSet-Cookie: planted=1\r\n\r\n<script>alert(75316429)</script>",
]
# A database cannot keep the null character: what holds one is refused wherever it would be kept.
KEPT = [each for each in CORPUS if "\0" not in each]

# What 7*7*75316429 would be, if somebody reckoned it.
RECKONED = "3690505021"

# Files that are no photos, whatever they are called.
FILES = [
    (
        "photo.svg",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(75316429)"><script>alert(75316429)</script></svg>',
    ),
    (
        "photo.jpg",
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(75316429)</script></svg>',
    ),
    ("photo.html", b"<!doctype html><script>alert(75316429)</script>"),
    ("photo.gif", b"GIF89a=alert(75316429);//<script>alert(75316429)</script>"),
    ("photo.jpg", b"\xff\xd8\xff\xe0<script>alert(75316429)</script>"),
    ("photo.png", b"\x89PNG\r\n\x1a\n<script>alert(75316429)</script>"),
    ("photo.webp", b"RIFF\x20\x00\x00\x00WEBPVP8 <script>alert(75316429)</script>"),
    ("photo.css", b"body{background:url(https://evil.example/x)}"),
    ("photo.xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
    ("photo.pdf", b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(alert(75316429))>>>>endobj"),
    ("photo.php", b"<?php echo 7*7*75316429; ?>"),
]
