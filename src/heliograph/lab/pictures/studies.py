"""Motifs that are no landscape: light at night, plants from near, lines."""

import pyvips

from heliograph.lab.pictures.canvas import Canvas, Image, clamp, colour, light, over, ramp

LAMPS = ("#ffb347", "#ff6b6b", "#ffd27a", "#7ad7ff", "#fff1cf", "#c58bff", "#6dffb0")


def city(canvas: Canvas) -> Image:
    """Towers with lit windows, and their lights in the water."""
    pick = canvas.chance
    shore = pick.uniform(0.66, 0.76)
    image = ramp(canvas.v / shore, ((0, "#070b1d"), (0.6, "#1e2148"), (0.85, "#5d3a66"), (1, "#d0735c")))
    image = light(image, colour("#cfd9ff"), canvas.specks(0.001) * clamp(1 - canvas.v * 3))
    for row, (tone, lit) in enumerate((("#272646", 0.2), ("#171a33", 0.45), ("#0b0e1c", 0.7))):
        image = _towers(canvas, image, row, colour(tone), lit, shore)
    mirrored = image.flipver().affine([1, 0, 0, 1], ody=round((2 * shore - 1) * canvas.height), extend="copy",
                                      oarea=[0, 0, canvas.width, canvas.height])  # fmt: skip
    smeared = mirrored.conv(pyvips.Image.new_from_array([[1]] * 31, scale=31))
    broken = clamp(canvas.clouds(0.08, 3, squeeze=4) * 0.8 + 0.6)
    return over(image, clamp(smeared * 1.5) * broken * 0.8, canvas.below(shore))


def _towers(
    canvas: Canvas, image: Image, row: int, tone: tuple[float, float, float], lit: float, shore: float
) -> Image:
    """One row of towers: a mask and a sheet of windows, both drawn with rectangles."""
    pick = canvas.chance
    width, foot = canvas.width, round(shore * canvas.height)
    pitch = max(3, round(width * (0.006 + row * 0.002)))
    mask, left = pyvips.Image.black(width, canvas.height), 0
    boxes = []
    while left < width:
        wide = round(width * pick.uniform(0.05, 0.13))
        high = round(foot * pick.uniform(0.12, 0.42) * (1.5 - row * 0.35) * (1.6 if pick.random() < 0.12 else 1))
        if pick.random() < 0.85:
            boxes.append((left, max(0, foot - high), wide, min(high, foot)))
        left += wide + round(width * pick.uniform(0, 0.03))
    for box in boxes:
        mask = mask.draw_rect([255], *box, fill=True)
    image = over(image, tone, mask / 255)
    return light(
        image, colour(pick.choice(("#ffd27a", "#ffc36b", "#ffe6b0"))), _windows(canvas, pitch) * mask / 255 * lit
    )


def _windows(canvas: Canvas, pitch: int) -> Image:
    across, down = canvas.width // pitch + 1, canvas.height // pitch + 1
    seed = canvas.chance.randrange(2**31)
    on = clamp(pyvips.Image.gaussnoise(across, down, mean=0, sigma=1, seed=seed) - 0.35)
    cells = on.zoom(pitch, pitch).crop(0, 0, canvas.width, canvas.height)
    place = pyvips.Image.xyz(canvas.width, canvas.height)
    inside = ((place[0] % pitch) < pitch * 0.6) & ((place[1] % pitch) < pitch * 0.6)
    return cells * (inside / 255)


def bokeh(canvas: Canvas) -> Image:
    """Lamps far out of focus, some in front of others."""
    pick = canvas.chance
    dark = pick.choice((("#0a0d1f", "#2a1a3d"), ("#061a1c", "#16352f"), ("#1c0d12", "#3d1f1a"), ("#0b1426", "#1f3350")))
    image = ramp(canvas.v * 0.7 + canvas.clouds(0.8, 2) * 0.3, ((0, dark[0]), (1, dark[1])))
    shades = pick.sample(LAMPS, 3)
    for size in (0.02, 0.045, 0.085):
        for shade in shades:
            sheet = pyvips.Image.black(canvas.width, canvas.height)
            for _ in range(pick.randint(3, 9)):
                at = (round(pick.random() * canvas.width), round(pick.betavariate(2, 1.6) * canvas.height))
                radius = max(2, round(size * canvas.width * pick.uniform(0.7, 1.3)))
                strength = pick.uniform(90, 220)
                sheet = sheet.draw_circle([strength * 0.75], *at, radius, fill=True)
                sheet = sheet.draw_circle([strength], *at, radius, fill=False)
            image = light(image, colour(shade), sheet.gaussblur(1.2 + size * 12) / 255 * pick.uniform(0.5, 0.9))
    return image


def flower(canvas: Canvas) -> Image:
    """One blossom from near, its ground out of focus."""
    pick = canvas.chance
    ground = pick.choice(
        (("#1d3324", "#5f7d4c"), ("#223047", "#7a8fa8"), ("#33241f", "#9c7b5c"), ("#20262b", "#6b7a74"))
    )
    image = ramp(canvas.clouds(0.7, 2) * 0.6 + 0.5, ((0, ground[0]), (1, ground[1])))
    image = light(image, colour("#fff2c9"), clamp(canvas.clouds(0.25, 1) * 1.4 - 0.45))
    edge, throat = pick.choice(
        (
            ("#f4b6c2", "#b3365e"),
            ("#fbe6a2", "#d98324"),
            ("#e9e4f5", "#7d5ba6"),
            ("#ffffff", "#d8b13a"),
            ("#f08a5d", "#8f1f3d"),
        )
    )
    u, v, petals = pick.uniform(0.4, 0.6), pick.uniform(0.42, 0.58), pick.choice((5, 6, 8, 12))
    away = canvas.distance(u, v) * (1 / min(1.0, canvas.aspect))
    angle = ((canvas.v - v) * canvas.aspect).math2(canvas.u - u, "atan2")
    for ring, size in enumerate((0.4, 0.3, 0.2)):
        turned = angle * petals / 2 + ring * 90 / 2 + pick.uniform(0, 360)
        lobe = (turned.math("cos") ** 2) ** 0.35
        reach = (lobe * 0.62 + 0.38) * size
        inside = clamp((reach - away) * canvas.width / 3)
        share = clamp(away / reach)
        veins = (angle * petals * 6).math("sin") * 0.05
        petal = ramp(share * 0.9 + veins + 0.05, ((0, throat), (0.45, edge), (1, edge))) * (0.82 + ring * 0.09)
        shadow = clamp((reach * 1.12 - away) * canvas.width / 40) * 0.3
        image = over(over(image, (0.0, 0.0, 0.0), shadow), petal, inside)
    heart = clamp((0.055 - away) * canvas.width / 3)
    seeds = ramp(canvas.noise(0.012) * 0.5 + 0.5, ((0, "#5b3410"), (1, "#f3c64e")))
    return over(image, seeds, heart)


def leaves(canvas: Canvas) -> Image:
    """Lines of a leaf against the light."""
    pick = canvas.chance
    deep, bright = pick.choice(
        (("#0d2b14", "#a6d64c"), ("#0f2f2b", "#7fd1ae"), ("#3a1410", "#f2994a"), ("#1d2410", "#d9d45a"))
    )
    slope, spread = pick.uniform(-0.5, 0.5), pick.choice((-1, 1))
    middle = 0.5 + (canvas.v - 0.5) * slope + canvas.profile(0.9, 1) * 0.02
    side = canvas.u - middle
    off = (side * side) ** 0.5
    ribs = ((canvas.v + off * 0.9 * spread) * 360 * pick.randint(7, 12)).math("cos")
    rib = clamp((ribs - 0.93) * 14)
    mesh = clamp(canvas.clouds(0.05, 3) * canvas.clouds(0.04, 2) * 6 + 0.5) * 0.25
    body = ramp(clamp(0.25 + canvas.clouds(0.6, 3) * 0.3 + mesh + (1 - canvas.v) * 0.4), ((0, deep), (1, bright)))
    image = light(body, colour(bright), rib * 0.55 * clamp(1.1 - off))
    return light(image, colour("#f4ffd9"), clamp((0.008 + 0.006 * canvas.v - off) * canvas.width / 3) * 0.85)


def stairs(canvas: Canvas) -> Image:
    """A spiral looked down upon: architecture in two tones."""
    pick = canvas.chance
    dark, pale = pick.choice(
        (("#15171c", "#ece7dd"), ("#1f2a33", "#f0d9b8"), ("#2a1b14", "#f3e9dc"), ("#122027", "#d8e6e4"))
    )
    u, v = pick.uniform(0.42, 0.58), pick.uniform(0.42, 0.58)
    away = canvas.distance(u, v) + 0.004
    angle = ((canvas.v - v) * canvas.aspect).math2(canvas.u - u, "atan2")
    turn = angle * pick.choice((-1, 1)) + away.log() * pick.uniform(120, 200)
    steps = (turn * pick.randint(14, 22)).math("sin")
    wall = (turn * 2).math("sin")
    shade = clamp(0.5 + clamp(steps * 3 + 0.5) * 0.28 - 0.14 + wall * 0.32) * clamp(away * 3.2 + 0.08)
    return ramp(shade, ((0, dark), (1, pale)))


def moon(canvas: Canvas) -> Image:
    """The full moon among clouds."""
    pick = canvas.chance
    u, v, radius = pick.uniform(0.3, 0.7), pick.uniform(0.3, 0.55), pick.uniform(0.12, 0.22)
    image = light(ramp(canvas.v, ((0, "#04060d"), (1, "#1a2740"))), colour("#e6ecff"), canvas.specks(0.001))
    away = canvas.distance(u, v)
    image = light(image, colour("#9fb6e0"), clamp(1 - away / (radius * 3.4)) ** 2 * 0.6)
    seas = clamp(canvas.clouds(radius * 1.1, 5) * 0.7 + 0.55)
    image = over(image, ramp(seas, ((0, "#8d8f94"), (1, "#f4f1e6"))), clamp((radius - away) * canvas.width / 2))
    veil = clamp(canvas.clouds(0.6, 6, squeeze=2) * 1.3 - 0.1)
    return over(image, colour("#27334d"), veil * pick.uniform(0.5, 0.85))


STUDIES = {
    "city": city,
    "bokeh": bokeh,
    "flower": flower,
    "leaves": leaves,
    "stairs": stairs,
    "moon": moon,
}
