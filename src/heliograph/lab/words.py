"""Names, biographies and captions of people who do not exist."""

PEOPLE = (
    ("ada", "Ada Lindqvist"), ("mateo", "Mateo Rivas"), ("yuki", "Yuki Tanabe"), ("amara", "Amara Okafor"),
    ("leila", "Leila Haddad"), ("jonas", "Jonas Weber"), ("priya", "Priya Raman"), ("sofia", "Sofia Marchetti"),
    ("kofi", "Kofi Mensah"), ("ines", "Inês Duarte"), ("noor", "Noor el-Amin"), ("tomasz", "Tomasz Zieliński"),
    ("maeve", "Maeve Gallagher"), ("ravi", "Ravi Menon"), ("elif", "Elif Aydın"), ("oskar", "Oskar Nyström"),
    ("hana", "Hana Kim"), ("luca", "Luca Ferri"), ("wanjiru", "Wanjirũ Kamau"), ("pavel", "Pavel Novák"),
    ("anouk", "Anouk Visser"), ("diego", "Diego Salazar"), ("mina", "Mina Petrova"), ("samir", "Samir Benali"),
    ("freya", "Freya Holm"), ("theo", "Theo Laurent"), ("zuri", "Zuri Ndlovu"), ("emil", "Emil Kovács"),
    ("clara", "Clara Brandt"), ("arash", "Arash Moradi"), ("lina", "Lina Sørensen"), ("hugo", "Hugo Almeida"),
    ("meilin", "Mei-Lin Chen"), ("aroha", "Aroha Ngata"), ("nils", "Nils Bergström"), ("camila", "Camila Rojas"),
    ("idris", "Idris Yusuf"), ("nadia", "Nadia Volkova"), ("liam", "Liam O’Sullivan"), ("tala", "Tala Santos"),
    ("bruno", "Bruno Conti"), ("signe", "Signe Dahl"), ("omar", "Omar Farouk"), ("iris", "Iris de Boer"),
    ("kenji", "Kenji Mori"), ("rosa", "Rosa Jiménez"), ("alma", "Alma Virtanen"), ("vikram", "Vikram Das"),
    ("lotte", "Lotte Janssen"), ("marek", "Marek Horák"), ("sena", "Sena Adjei"), ("paula", "Paula Quispe"),
    ("eitan", "Eitan Levi"), ("greta", "Greta Aalto"), ("jamal", "Jamal Carter"), ("niamh", "Niamh Byrne"),
    ("davi", "Davi Moreira"), ("selma", "Selma Hodžić"), ("akira", "Akira Sato"), ("juno", "Juno Park"),
)  # fmt: skip

NOTES = (
    "Mostly early mornings.", "Film when I can afford it, phone when I cannot.", "Walks a lot. Carries too many lenses.",
    "Light first, subject later.", "Geologist. The stones are the point.", "One lens, one year.",
    "Night buses and the views from them.", "Gardener with a macro lens.", "I photograph weather.",
    "Between the tides, most days.", "Learning to see. Slowly.", "Stairs, mostly. It started as a joke.",
    "Maps by day, mountains by weekend.", "Long exposures and short sentences.", "Teacher. Weekends are for the hills.",
)  # fmt: skip

CAPTIONS = {
    "mountains": (
        "Four ridges and then nothing but air.", "Up at three for this. Worth it, just about.",
        "The far range shows itself about ten days a year.", "Every layer a little bluer than the one before.",
        "Sat here until my tea was cold.", "The hut is behind me. So is breakfast.",
    ),
    "sea": (
        "The ferry was late. Nobody minded.", "Flat calm, for once.", "Last light on the water.",
        "You could hear the harbour bell from here.", "Salt on the lens, left it there.", "The whole bay to ourselves.",
    ),
    "dunes": (
        "The wind redraws this every night.", "Sand in everything I own now.", "Shadows do all the work here.",
        "Walked the crest until it ran out.", "Quieter than any room I know.",
    ),
    "forest": (
        "The fog did not lift. Good.", "Counting rows until they dissolve.", "It smelled of rain and resin.",
        "The path is in there somewhere.", "Two jays and no one else.",
    ),
    "aurora": (
        "Twenty minutes, then it was gone.", "Forgot the tripod, used a fence post.", "The lake kept a copy.",
        "Minus eighteen. I would do it again tonight.",
    ),
    "fields": (
        "A week before the harvest.", "All roads lead to that one tree I cropped out.", "Bees louder than the road.",
        "Golden hour lasted the whole way home.", "Straight lines, patient people.",
    ),
    "city": (
        "Somebody is always awake.", "From the bridge, between two trams.", "The river at its best hour.",
        "Office lights, seen kindly.", "Night shift, this side of the water.",
    ),
    "bokeh": (
        "Waiting for the bus with the wrong focus.", "Rain on the other side of the glass.",
        "Fairground, from very far away.", "Sometimes sharp is not the point.",
    ),
    "flower": (
        "First one this year.", "It opened while I was changing lenses.", "Ten minutes of no wind.",
        "From the crack beside the door.", "My neighbour grows these. I only visit.",
    ),
    "leaves": (
        "Held up to the window.", "Every one of them a map.", "Backlit, straight from the garden.",
        "The veins go on past what my eyes can do.",
    ),
    "stairs": (
        "Looked down. Stayed a while.", "Five floors, no lift, no regrets.", "The caretaker let me in for this.",
        "Somebody drew this by hand, once.",
    ),
    "moon": (
        "Between two clouds, for a moment.", "Big enough to read by.", "Nearly missed it, putting the bins out.",
        "Same one you have.",
    ),
}  # fmt: skip

TAGS = {
    "mountains": ("mountains", "hiking", "landscape"),
    "sea": ("sea", "sunset", "coast"),
    "dunes": ("desert", "dunes", "minimal"),
    "forest": ("forest", "fog", "trees"),
    "aurora": ("aurora", "nightsky", "north"),
    "fields": ("fields", "countryside", "goldenhour"),
    "city": ("city", "night", "skyline"),
    "bokeh": ("bokeh", "night", "abstract"),
    "flower": ("flowers", "macro", "garden"),
    "leaves": ("leaves", "macro", "green"),
    "stairs": ("architecture", "spiral", "geometry"),
    "moon": ("moon", "nightsky", "clouds"),
}

DESCRIPTIONS = {
    "mountains": "Mountain ridges one behind the other, paler towards the horizon.",
    "sea": "A calm sea under a low sun, its light drawn out on the water.",
    "dunes": "Sand dunes in slanting light.",
    "forest": "Rows of conifers standing in fog.",
    "aurora": "Northern lights above dark hills and a lake.",
    "fields": "Rows of flowers running towards the horizon.",
    "city": "A skyline at night, its windows lit, reflected in water.",
    "bokeh": "Coloured lights far out of focus.",
    "flower": "A single blossom seen from near.",
    "leaves": "A leaf against the light, its veins showing.",
    "stairs": "A spiral staircase seen from above.",
    "moon": "The full moon among clouds.",
}
