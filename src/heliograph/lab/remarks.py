"""What people who do not exist say of each other's pictures. Nothing here names a colour: pictures come in many, and in none."""

# Fits any picture.
GENERAL = (
    "Quietly perfect.", "This made my morning.", "I would hang this.", "You were there at the right second.",
    "Looking at this with my first coffee.", "The edges are as good as the middle.", "You waited for this, I can tell.",
    "Printed large, please.", "I had to stop scrolling.", "There is a whole story in here.", "So calm. I needed that today.",
    "Nothing to add, nothing to take away.", "My favourite of yours so far.", "How do you keep finding these?",
    "The light did half the work, you did the other half.", "Better every time I come back.", "Well seen.",
    "I have walked past this a hundred times and never saw it.", "Lovely restraint.", "Whoever was with you got lucky.",
    "You make me want to go out with a camera again.", "This one stays with me.", "I can hear it.",
    "That is patience, right there.", "Reminds me of home.", "A little bit jealous, mostly happy for you.",
    "The framing! Just the framing.", "It breathes.", "One frame and you are done. Envy.", "Sent this to my sister at once.",
    "Soft and sharp in the right places.", "You have an eye for the quiet ones.", "I like what you left out.",
    "Worth every cold finger.", "Such good bones, this picture.", "The kind of picture that slows you down.",
    "Glad you did not crop that.", "That is a keeper.", "Somehow both busy and still.", "I would have missed it.",
    "Now I know what I am doing this weekend.", "Please make a series of these.", "Honest and unfussy. My kind of photograph.",
    "It looks like a memory.", "Ten out of ten, would stand there too.", "The longer I look, the more there is.",
    "You and your weather luck!", "Could be a book cover.", "Beautifully held together.", "That took nerve.",
    "My daughter says it looks like a dream. She is right.", "Every inch of it is in balance.", "This is why I am here.",
    "Simple is so hard. You make it look easy.", "I forgot to breathe for a second.", "Saved, to learn from.",
    "Fine tones all the way down.", "There is a little wind in it.", "What a place to be alone with a camera.",
    "I keep tilting my head at it and it keeps working.", "This deserves a wall and a lamp.", "Good eye, good timing.",
)  # fmt: skip

# Fits a detail of the picture, see DETAILS.
OF_A_DETAIL = (
    "I keep coming back to {}.", "My eye goes straight to {}.", "I could look at {} all day.", "All I want to know more about is {}.",
    "It would be a good picture without {}. With it, it is a great one.", "Thank you for {}.", "You saw {} and knew.",
    "I want to walk right into {}.", "Everything leans on {}, and it holds.", "Took me a moment to notice {}.",
    "What you did with {} is lovely.", "Others would have cut off {}.", "I can almost touch {}.", "So much going on in {}.",
    "Nobody does {} like you.", "It is {} for me.", "Look at {}, everyone.", "Trying to work out how you got {}.",
    "Now I cannot unsee {}.", "I would travel for {}.", "Here for {}.", "Teach me how to see {}.",
    "Half the picture is {}, and rightly so.", "I would not change a thing about {}.", "Happy about {} in particular.",
)  # fmt: skip

DETAILS = {
    "mountains": ("that last pale ridge", "the air between the ranges", "the line of the skyline", "the way the layers fade", "all that distance"),
    "sea": ("the path of light on the water", "that flat horizon", "the low sun", "the small waves up front", "the stillness out there"),
    "dunes": ("the edge of that crest", "the shadow side", "the long curve", "all those ripples", "the empty sky above it"),
    "forest": ("the fog between the trunks", "the last row of trees", "the dark at the bottom", "the tops in the mist", "the depth in there"),
    "aurora": ("the curtain above the hills", "the reflection in the lake", "that glow", "the stars behind it", "the fold in the light"),
    "fields": ("the rows running off", "the vanishing point", "the flowers up close", "the sky over all that order", "the low light across"),
    "city": ("the lit windows", "the reflections", "the dark between the towers", "the one light at the very top", "the water doing its thing"),
    "bokeh": ("the overlapping discs", "the softness of it", "the big one at the side", "the blur", "the glow of the small ones"),
    "flower": ("the heart of the blossom", "the fall of the petals", "the soft background", "the fine veins", "the light from behind"),
    "leaves": ("the veins", "the backlight", "the tiny cells between", "the midrib", "the torn bit of edge"),
    "stairs": ("the way it turns", "the dark eye in the centre", "the handrail", "the light on each step", "the spiral"),
    "moon": ("the thin cloud in front", "the craters at the rim", "the halo", "the drift of the clouds", "the night around it"),
}  # fmt: skip

# Fits a motif.
OWN = {
    "mountains": ("My knees ache just looking.", "I can smell the cold.", "Which hut did you sleep in? No, do not tell everyone.",
                  "That is a morning to get up for.", "I would have turned back at the second ridge.", "Thin air, thick layers."),
    "sea": ("I can taste the salt.", "I should live by the water.", "Now I hear gulls.", "Not a ripple too many.",
            "The sea on its best behaviour.", "Swimming there would be a sin. I would."),
    "dunes": ("I hope your shutter survived the sand.", "Light and shadow, nothing else needed.", "Footprints would have ruined it. Well walked.",
              "Looks like silk from here.", "The wind is the real artist, you just signed it.", "Thirsty now."),
    "forest": ("I could lose a day in there.", "You can hear the drip, drip.", "Fog is the best assistant there is.",
               "I half expect a deer.", "This is what quiet looks like.", "Makes me want wet boots."),
    "aurora": ("Still on my list, twenty years now.", "I would have cried a bit.", "And I was asleep. Of course.",
               "The sky showing off.", "Cold hands, warm heart, good tripod.", "Real or not, I believe every second of it."),
    "fields": ("I can hear the bees.", "Somebody drove a very straight tractor.", "Summer, the whole of it.",
               "This smells good, I am sure.", "I grew up among rows like these.", "Hay fever and joy."),
    "city": ("I think I can see my office. The light is on.", "Cities are best from across the water.", "Everyone up there has no idea.",
             "Blue hour people, unite.", "It looks almost kind from here.", "I count three people working late."),
    "bokeh": ("Out of focus, on point.", "I clean my glasses, then I understand.", "Like the last tram home.",
              "Who needs sharp?", "This is how I see without contacts.", "Feels like December."),
    "flower": ("Mine never open like that.", "Tell your flower it is doing great.", "I can see the pollen!",
               "You caught it before the snails did.", "Shallow depth, deep picture.", "I hope the bee came after."),
    "leaves": ("A city map with chlorophyll.", "Rivers seen from space.", "I will never walk past a hedge again.",
               "Nature does the best line drawings.", "You held it up to the window, did you not?", "So much plumbing!"),
    "stairs": ("I got dizzy, in a good way.", "Snail, shell, stairs.", "Somebody polished that rail with their sleeve for a century.",
               "Whoever designed this was happy that week.", "Down there is the past, I think.", "I would slide it. Do not tell anyone."),
    "moon": ("It looks close enough to ring.", "I was looking up too, at the same time I think.", "Good old moon.",
             "Wolves approve.", "I tried last night and got a white dot.", "The clouds came just in time."),
}  # fmt: skip

# A question of anybody, an answer of who took the picture.
QUESTIONS = (
    ("Which lens was this?", "The old fifty, wide open. It flares, I let it."),
    ("Handheld?", "Handheld, holding my breath."),
    ("Film?", "Digital, sorry to say. I wish it were film."),
    ("How long did you wait?", "Forty minutes. It felt like ten."),
    ("Did you edit this much?", "A little less contrast, and the dust spots are gone. That is all."),
    ("What time was it?", "Just before seven. Nobody else was up."),
    ("Is there a second frame?", "There is! Not as good. I looked at it for a week."),
    ("Tripod or luck?", "A wall and a folded scarf."),
    ("Would you show it in black and white?", "I tried. It went flat, so it stayed like this."),
    ("Where did you stand?", "A step to the left of where everybody stands."),
    ("May I ask what shutter speed?", "A hundred-and-twentieth, if the camera is telling the truth."),
    ("Is this the one you talked about last week?", "The very one. You remembered!"),
    ("Did you plan it or stumble on it?", "Stumbled. I had the camera out for something else entirely."),
    ("Cropped?", "A sliver from the bottom. There was a bag in it."),
    ("Are prints to be had?", "Not yet, but I will make you one."),
    ("Which camera these days?", "Still the same dented one. It knows me."),
    ("How do you meter something like this?", "For the brightest part, and then I hope for the rest."),
    ("Was it as quiet as it looks?", "Quieter. I could hear my watch."),
    ("Alone out there?", "Alone with a thermos. Good company."),
    ("Any filter on the lens?", "Only fingerprints."),
    ("First try?", "Fourth evening in a row, to be honest."),
    ("Did you have to hurry?", "I ran the last bit and then pretended I had not."),
    ("Do you use a spot for focus?", "By hand, a bit too near and back again."),
    ("What did you have for breakfast there?", "A squashed sandwich. Best of the year."),
    ("How far from the road is that?", "Ten minutes, if you do not stop. I stopped."),
    ("What is just outside the frame?", "A bin, two cyclists and my bicycle."),
    ("Can I bring my students this one as an example?", "I would be honoured. Tell me what they say!"),
    ("Would you go back?", "Tomorrow, if they let me off work."),
    ("Does it look like that every day?", "Twice a year, and I missed the other one."),
    ("Was it cold?", "My fingers say yes, the rest of me did not notice."),
    ("What made you press the button just then?", "A bird left the frame. I had been waiting for it to."),
    ("Any more of this series coming?", "Three more. I am being slow about it."),
    ("Phone or camera?", "Phone! The camera was at home, of all days."),
    ("Longer exposure than it looks?", "Two seconds, and I leaned on a fence for it."),
)  # fmt: skip

# Whoever took the picture, to somebody who said something kind.
THANKS = (
    "Thank you! You are too kind.", "That means a lot, coming from you.", "Thanks. I nearly did not post it.", "You made my day.",
    "Ha, thank you.", "Glad you like it, I was not sure.", "Thank you, I hoped someone would notice.", "Kind words, thanks.",
    "Come along next time!", "Thank you. My fingers have just thawed.", "You should see it for real one day.", "Thanks for looking so closely.",
    "I will keep at it, then.", "Blushing over here.", "Thank you, truly.", "It was mostly luck, but I take it.",
    "You would have done better, I know your pictures.", "So happy it reads that way.", "Thanks, that was the plan. Half of it.",
    "Exactly what I felt there.", "I learned it from your harbour series, you know.", "Cheers! Next round of film is on me.",
    "Good, then it was worth the bus ride.", "That is the nicest thing I heard this week.", "I am glad somebody else sees it.",
    "I owe it to the dog, who refused to go on.", "Thank you! It looked like nothing on the little screen.", "Oh, that is lovely to hear.",
    "Appreciated, as always.", "Then we see the same picture. Good.", "I will tell my old teacher you said that.", "Thank you, and good morning!",
    "Means I can stop doubting it.", "You always find the right word.", "Hugs from the wet side of the hill.", "Thanks for stopping by.",
    "I was grinning all the way home.", "Let us go out together soon.", "Now you have me smiling.", "I thought of your pictures when I took it.",
    "Noted, more of these then.", "That was the third attempt, so thank you.", "And thank you for the coffee last week!", "Much obliged.",
    "It is a good spot, I will show you.", "Your turn now!", "I could not have put it better.", "Ah, you noticed. Thank you.",
    "Really? Then I will print it.", "Big thanks from a tired walker.", "You see more in it than I did.", "Kind of you.",
    "Bless you, I was about to delete it.", "Warm thanks.", "I will sleep well tonight.", "Means the world.",
)  # fmt: skip

# Somebody else, to somebody who said something.
ASIDES = (
    "Same here!", "Seconded.", "I was just about to write that.", "You put it better than I could.", "My thought exactly.",
    "Right? It is the first thing I saw.", "And have you seen the one before it?", "Agreed, word for word.",
    "We should all go there.", "This thread is making me want to travel.", "I saw it too, only later.", "Well said.",
    "True, and it gets better on a big screen.", "Count me in.", "Yes! That.", "You two should do a walk together.",
    "I had the same feeling and no words for it.", "Exactly, no more, no less.", "Can confirm, I was there last spring.",
    "I would argue, but you are right.", "Funny, I looked at something else entirely.", "You have a good eye yourself.",
    "Then we are three.", "Nodding along.", "Now I have to look again.", "Let me know when you go.",
    "I learn as much from the comments as from the picture.", "Ha, me too.", "That is going on my list as well.", "Hear, hear.",
)  # fmt: skip

# At the end of a caption, with a name in it.
COMPANY = ("With {}, who carried the tripod.", "{} saw it first.", "For {}.", "Thanks for the lift, {}.", "Same spot as {} last week.",
           "{} owes me a coffee for this one.", "Walked up with {}.", "Inspired by {}.")  # fmt: skip

# What somebody corrects in a caption later on.
SECOND_THOUGHTS = ("Edit: the horizon is straight in my head.", "Edit: it was Tuesday, not Monday.", "Edit: thank you all, I will make prints.",
                   "Edit: fixed the worst typo of my life.", "Edit: people ask, it is the old fifty.")  # fmt: skip

# Why a picture is covered, by motif.
WARNINGS = {
    "stairs": "Looking straight down from a great height",
    "bokeh": "Bright lights, may be a lot late at night",
    "city": "Bright lights, may be a lot late at night",
    "dunes": "An insect, if you find it",
}

# Between two people, with an answer or without: seen by nobody else.
LETTERS = (
    ("are you free on Saturday? I would like to be at the harbour by six, while the light is low.", "Six is brutal. I will bring the coffee."),
    ("you left your lens cap in my bag. Again.", ""),
    ("would you hang two of yours in our little show in May? No fee, but there is cake.", "With cake, always. Which two do you have in mind?"),
)  # fmt: skip
