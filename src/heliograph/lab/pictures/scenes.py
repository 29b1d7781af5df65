"""The motifs: each takes a canvas and gives a colour image. Landscapes here, the rest in `studies.py`."""

from heliograph.lab.pictures.canvas import Canvas, Image, Stops, clamp, colour, light, over, ramp

SKIES: dict[str, Stops] = {
    "dawn": ((0, "#27335c"), (0.45, "#8a6f97"), (0.72, "#f0a48a"), (0.9, "#ffd9a0"), (1, "#fff0cf")),
    "dusk": ((0, "#171a3b"), (0.4, "#53356b"), (0.65, "#c4526a"), (0.85, "#f58b4c"), (1, "#ffd27a")),
    "noon": ((0, "#2a6fb5"), (0.5, "#6fb1dd"), (0.85, "#b9dff0"), (1, "#e9f6fa")),
    "mist": ((0, "#8fa3ad"), (0.5, "#b9c6c9"), (0.85, "#dfe3dd"), (1, "#f1eee2")),
    "rose": ((0, "#54527f"), (0.45, "#a784a8"), (0.75, "#eec0bd"), (1, "#fbe9da")),
    "teal": ((0, "#0d2b3a"), (0.45, "#236275"), (0.75, "#69aea6"), (1, "#e6e2b3")),
    "night": ((0, "#05070f"), (0.55, "#0d1730"), (0.85, "#1c2c4d"), (1, "#33476b")),
}
LIT = ("dawn", "dusk", "rose", "teal", "noon", "mist")


def _sky(canvas: Canvas, name: str, horizon: float) -> Image:
    sky = ramp(canvas.v / horizon, SKIES[name])
    wisps = clamp(canvas.clouds(0.5, 5, squeeze=2.5) * 1.6 - 0.15) * clamp(1 - canvas.v / horizon * 0.6)
    return light(sky, colour("#fff3e4"), wisps * canvas.chance.uniform(0.1, 0.5))


def _sun(canvas: Canvas, image: Image, u: float, v: float, radius: float) -> Image:
    away = canvas.distance(u, v)
    glow = clamp(1 - away / (radius * 9)) ** 3
    halo = clamp(1 - away / (radius * 3)) ** 2
    disk = clamp((radius - away) * canvas.width / 2 + 0.5)
    image = light(image, colour("#ffb76b"), glow * 0.75)
    image = light(image, colour("#ffe3ad"), halo * 0.6)
    return light(image, colour("#fff6df"), disk)


def mountains(canvas: Canvas) -> Image:
    """Ridges behind ridges, paler the farther away, under a low sun."""
    pick = canvas.chance
    name = pick.choice(LIT)
    stops = SKIES[name]
    image = _sky(canvas, name, 0.75)
    if name != "mist":
        image = _sun(canvas, image, pick.uniform(0.2, 0.8), pick.uniform(0.28, 0.45), pick.uniform(0.03, 0.06))
    haze, near = colour(stops[-2][1]), colour(pick.choice(("#0e1a24", "#12211d", "#1b1626", "#0c1f2e")))
    layers = pick.randint(4, 6)
    for layer in range(layers):
        depth = (layer + 1) / layers
        base = 0.42 + 0.5 * depth**1.2
        line = canvas.profile(pick.uniform(0.25, 0.5), 6) * (0.13 - 0.05 * depth) + base
        tone = tuple(h + (n - h) * depth**0.9 for h, n in zip(haze, near, strict=True))
        fog = clamp((canvas.v - line) * 3.2) * 0.5 * (1 - depth)
        ridge = over(canvas.flat(tone), haze, fog)
        image = over(image, ridge, canvas.below(line))
    return image


def sea(canvas: Canvas) -> Image:
    """Water to the horizon, with the sky in it and the way of light beneath the sun."""
    pick = canvas.chance
    name = pick.choice(("dawn", "dusk", "rose", "teal", "noon"))
    horizon, sun_u = pick.uniform(0.4, 0.6), pick.uniform(0.25, 0.75)
    sky = _sun(canvas, _sky(canvas, name, horizon), sun_u, horizon - pick.uniform(0.04, 0.2), pick.uniform(0.03, 0.055))
    depth = clamp((canvas.v - horizon) / (1 - horizon))
    water = ramp(1 - depth * 0.85, SKIES[name]) * 0.72
    waves = canvas.clouds(0.1, 4, squeeze=5)
    water = over(water, colour("#0b2433"), clamp(depth * 0.5 + waves * (0.35 + depth * 0.5)) * 0.55)
    spread = canvas.u - sun_u
    path = clamp(1 - (spread * spread) ** 0.5 / (0.03 + depth * 0.22))
    water = light(water, colour("#ffdca0"), path * clamp(waves * 2.2 + 0.25) * (1 - depth * 0.45))
    image = over(sky, water, canvas.below(horizon))
    if pick.random() < 0.5:
        image = _sail(canvas, image, horizon)
    return image


def _sail(canvas: Canvas, image: Image, horizon: float) -> Image:
    u, high = canvas.chance.uniform(0.15, 0.85), canvas.chance.uniform(0.05, 0.1)
    foot = horizon + 0.012
    up = clamp((foot - canvas.v) / high)
    inside = ((canvas.u > u) & (canvas.u < u + (1 - up) * high * 0.55 * canvas.aspect) & (canvas.v < foot)) / 255
    return over(image, colour("#f4ede0"), inside * (canvas.v > foot - high) / 255)


def dunes(canvas: Canvas) -> Image:
    """Sand in slanting light: each dune has a bright side, a dark side and ripples."""
    pick = canvas.chance
    warm = pick.choice((("#f3c98b", "#8c4a2a"), ("#eab676", "#7a3a35"), ("#f1dcb5", "#8f6a4a"), ("#e8a87a", "#5e2f3f")))
    image = _sky(canvas, pick.choice(("noon", "dusk", "dawn", "rose")), 0.5)
    layers = pick.randint(3, 5)
    for layer in range(layers):
        depth = (layer + 1) / layers
        crest = canvas.profile(pick.uniform(0.5, 0.9), 2)
        line = crest * (0.1 + 0.05 * depth) + 0.3 + 0.5 * depth**1.3
        under = clamp((canvas.v - line) * (2.2 - depth))
        slope = canvas.clouds(0.5, 2) * 0.5 + (canvas.u - 0.5) * pick.choice((-0.8, 0.8))
        ripples = ((canvas.v * 900 * (1.1 - depth * 0.5) + canvas.clouds(0.3, 3) * 500).math("sin")) * 0.035 * depth
        shade = clamp(0.3 + slope * 0.6 + under * 0.45 + ripples)
        image = over(image, ramp(shade, ((0, warm[0]), (1, warm[1]))), canvas.below(line))
    return image


def forest(canvas: Canvas) -> Image:
    """Conifers in fog, row behind row."""
    pick = canvas.chance
    name = pick.choice(("mist", "rose", "teal", "dawn"))
    image = _sky(canvas, name, 0.8)
    fog, near = colour(SKIES[name][-2][1]), colour(pick.choice(("#0f1f1c", "#13241b", "#101b26")))
    for layer in range(4):
        depth = (layer + 1) / 4
        pitch = 0.02 + 0.05 * depth
        ground = canvas.profile(0.6, 3) * 0.1 + 0.38 + 0.45 * depth
        place = canvas.u / pitch + layer * 0.37
        across = ((place - place.floor()) - 0.5) * 2
        tall = (canvas.profile(pitch * 1.3, 2) * 0.5 + 0.9) * pitch * 1.9 / canvas.aspect**0.5
        jag = ((canvas.v * 130 / depth).math("sin")) * 0.012 * depth
        line = ground - tall * (1 - (across * across) ** 0.5) + jag
        tone = tuple(f + (n - f) * depth for f, n in zip(fog, near, strict=True))
        trees = over(canvas.flat(tone), fog, clamp((canvas.v - ground) * 2.5) * (1 - depth) * 0.8)  # type: ignore[arg-type]
        image = over(image, trees, canvas.below(line))
    return image


def aurora(canvas: Canvas) -> Image:
    """Northern lights over dark hills and their lake."""
    pick = canvas.chance
    image = light(ramp(canvas.v, SKIES["night"]), colour("#dfe8ff"), canvas.specks(0.002))
    for shade in pick.sample(("#3cf5a0", "#2fd6c3", "#8a5bff", "#58ff7a", "#d45bd0"), 3):
        line = canvas.profile(0.6, 3) * 0.16 + pick.uniform(0.32, 0.5)
        rays = clamp(canvas.profile(0.05, 3) * 0.6 + 0.6)
        up = line - canvas.v
        veil = clamp(1 - up * 3) * clamp(up * 40 + 1)
        image = light(image, colour(shade), veil * rays * pick.uniform(0.45, 0.8))
    shore = pick.uniform(0.7, 0.78)
    image = over(image, colour("#04070b"), canvas.below(canvas.profile(0.35, 6) * 0.09 + shore - 0.06))
    mirrored = image.flipver().affine([1, 0, 0, 1], ody=round((2 * shore - 1) * canvas.height), extend="copy",
                                      oarea=[0, 0, canvas.width, canvas.height])  # fmt: skip
    return over(image, mirrored * 0.55, canvas.below(shore))


def fields(canvas: Canvas) -> Image:
    """Rows of flowers that run to a point on the horizon."""
    pick = canvas.chance
    horizon, far_u = pick.uniform(0.33, 0.45), pick.uniform(0.3, 0.7)
    image = _sky(canvas, pick.choice(("dusk", "dawn", "noon", "rose")), horizon)
    image = _sun(canvas, image, pick.uniform(0.2, 0.8), horizon - 0.06, 0.04)
    hills = canvas.profile(0.5, 5) * 0.05 + horizon - 0.01
    image = over(image, colour("#4a5a6b"), canvas.below(hills))
    depth = clamp((canvas.v - horizon) / (1 - horizon))
    rows = (((canvas.u - far_u) / (depth + 0.04)) * 900 + canvas.clouds(0.06, 3) * 60).math("sin") * 0.5 + 0.5
    bloom, leaf = pick.choice(
        (("#8e63c9", "#3b4a2c"), ("#e3b23c", "#4f5a25"), ("#d4526e", "#34492f"), ("#e8e3d3", "#56683f"))
    )
    texture = canvas.clouds(0.03, 3) * 0.35
    ground = ramp(clamp(rows * 0.8 + texture + 0.1), ((0, "#22281a"), (0.4, leaf), (1, bloom)))
    return over(image, ground * (0.75 + depth * 0.3), canvas.below(horizon))


SCENES = {
    "mountains": mountains,
    "sea": sea,
    "dunes": dunes,
    "forest": forest,
    "aurora": aurora,
    "fields": fields,
}
