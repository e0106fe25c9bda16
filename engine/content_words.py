"""The plain words for what a photo can show: groups over the 1,000 classes of ImageNet, their plurals and synonyms.

ImageNet knows things, animals and some scenes. It has no class for people, trees, forests, skies or sunsets, so there
is no word for them here; where a photo of people is found, it is by what they wear or hold. Monkeys and apes have none
either, on purpose: classifiers have taken people for them, and no library must ever be told so.
"""

from __future__ import annotations

from functools import lru_cache

_GROUPS = (
    # Animals. A word may hold another: every owl is a bird, every bird an animal.
    ("animal", "0-364 385-397", "wildlife creature"),
    ("pet", "151-268 281-285 330-333 338", ""),
    ("dog", "151-268", "puppy hound"),
    ("cat", "281-285", "kitten"),
    ("bird", "7-24 80-100 127-146", ""),
    ("horse", "339 603", "pony stallion"),
    ("fish", "0-6 389-397", ""),
    ("insect", "300-326", "bug"),
    ("bear", "294-297", ""),
    ("wolf", "269-272 274", ""),
    ("fox", "277-280", ""),
    ("big cat", "286-293", ""),
    ("lion", "291", ""),
    ("tiger", "292", ""),
    ("leopard", "288-290 293", "cheetah jaguar"),
    ("rabbit", "330-332", "hare bunny"),
    ("squirrel", "335-336", "marmot chipmunk"),
    ("rodent", "333 335-338", ""),
    ("otter", "360", ""),
    ("weasel", "356-359 361-362", "ferret badger"),
    ("zebra", "340", ""),
    ("pig", "341-343", "boar"),
    ("cow", "345-347", "cattle ox buffalo bison"),
    ("sheep", "348-349", "ram"),
    ("goat", "350", ""),
    ("antelope", "351-353", "gazelle impala"),
    ("camel", "354", ""),
    ("llama", "355", "alpaca"),
    ("elephant", "101 385-386", ""),
    ("hippopotamus", "344", "hippo"),
    ("panda", "387-388", ""),
    ("kangaroo", "104", "wallaby"),
    ("koala", "105", ""),
    ("whale", "147-148", "orca"),
    ("seal", "149-150", ""),
    ("chicken", "7-8", "hen rooster"),
    ("duck", "97-98", ""),
    ("goose", "99", ""),
    ("swan", "100", ""),
    ("owl", "24", ""),
    ("eagle", "21-22", "hawk"),
    ("vulture", "23", ""),
    ("parrot", "87-90", "cockatoo"),
    ("heron", "127-129 131-135", "stork egret"),
    ("flamingo", "130", ""),
    ("pelican", "144", ""),
    ("penguin", "145", ""),
    ("peacock", "84", ""),
    ("hummingbird", "94", ""),
    ("reptile", "33-68", ""),
    ("snake", "52-68", "serpent viper"),
    ("lizard", "38-48", "gecko iguana"),
    ("crocodile", "49-50", "alligator"),
    ("turtle", "33-37", "tortoise"),
    ("frog", "30-32", "toad"),
    ("salamander", "25-29", "newt"),
    ("shark", "2-4", ""),
    ("ray", "5-6", ""),
    ("jellyfish", "107", ""),
    ("coral", "108-109 973", "reef"),
    ("crab", "118-121 125", ""),
    ("lobster", "122-124", "crayfish"),
    ("snail", "113-115", "slug"),
    ("starfish", "327", ""),
    ("spider", "72-77", ""),
    ("scorpion", "71", ""),
    ("butterfly", "321-326", "moth"),
    ("bee", "309", "bumblebee wasp"),
    ("beetle", "300-307", "ladybird"),
    ("dragonfly", "319-320", "damselfly"),
    # Nature.
    ("landscape", "970 972 974-979", "nature scenery"),
    ("mountain", "970 979", "alps peak"),
    ("valley", "979", ""),
    ("volcano", "980", ""),
    ("geyser", "974", ""),
    ("cliff", "972 976 500", "rock"),
    ("water", "449 460 472 484 525 536 576 625 718 780 814 871 914 973 975-978 983", ""),
    ("sea", "460 973 976-978", "ocean coast"),
    ("beach", "977-978", "seashore seaside shore"),
    ("lake", "975", "lakeside"),
    ("snow", "450 537 795-796 802-803", "winter"),
    ("skiing", "795-796", "ski"),
    ("flower", "946 984-986", "blossom"),
    ("mushroom", "947 991-997", "fungus"),
    ("farm", "345-346 425 595 730 856 866 912 958 984 987", "field countryside"),
    # Buildings and places.
    ("building", "425 437 442 449 483 497 538 580 663 668 682 698 832 853 858 873 900 915", "house architecture"),
    ("church", "442 497 663", "chapel cathedral monastery"),
    ("mosque", "668", ""),
    ("temple", "832", "stupa pagoda"),
    ("castle", "483", "fortress"),
    ("palace", "698", ""),
    ("lighthouse", "437", "beacon"),
    ("bridge", "821 839 888", "viaduct"),
    ("monument", "649 682 708 832 863 873", "statue obelisk"),
    ("dome", "538", ""),
    ("fountain", "562", ""),
    ("greenhouse", "580", "glasshouse"),
    ("harbour", "449 536 718", "harbor pier dock"),
    ("fence", "489 716 912", ""),
    ("stone wall", "825", ""),
    ("tent", "672", "camping"),
    ("shop", "415 424 454 467 509 582 788 860 865", "store bakery"),
    ("restaurant", "762", "cafe"),
    ("library", "453-454 624", "bookshop bookcase"),
    ("stage", "818-819 854", "concert theatre"),
    ("street", "468 640 704 707 829 874 919-920", "road traffic"),
    ("playground", "843", "swing"),
    ("fairground", "476", "carousel"),
    # On the way.
    ("car", "407 436 468 475 479 511 581 609 627 656 661 717 734 751 817", "automobile"),
    ("truck", "555 569 675 717 864 867", "lorry"),
    ("bus", "654 779 874", "coach"),
    ("train", "466 547 565 705 820 829", "railway tram locomotive"),
    ("bicycle", "444 671 870 880", "bike cycling"),
    ("motorcycle", "665 670", "motorbike scooter moped"),
    ("boat", "472 484 554 576 625 724 780 814 871 914", "sailing canoe"),
    ("ship", "403 510 628 833 913", ""),
    ("aeroplane", "404 895 908", "airplane plane aircraft"),
    ("balloon", "405 417", "airship"),
    ("rocket", "657 744 812", "missile"),
    ("parachute", "701", "parasail"),
    ("tractor", "595 856 866", "harvester"),
    ("tank", "586 847", ""),
    # Food and drink.
    ("food", "509 923-945 947-957 959-965", "meal dish"),
    ("fruit", "948-957", ""),
    ("vegetable", "936-945", ""),
    ("bread", "415 930-932 961", ""),
    ("pizza", "963", ""),
    ("ice cream", "928-929", "icecream"),
    ("dessert", "509 927-929 960", "cake sweets"),
    ("drink", "440-441 503-505 550 572 737 898 907 966-969", "beverage glass"),
    ("coffee", "504-505 550 967-968", "espresso cappuccino"),
    ("wine", "907 966", ""),
    ("beer", "440-441", ""),
    ("tea", "849", "teapot"),
    ("table", "532 923", "dinner"),
    # Sport and music.
    ("sport", "416 422 429-430 518 543 560 574 602 671 702 722 746-747 752 768 795 805 852 890 981", "exercise"),
    ("ball", "429-430 522 574 722 768 805 852 890", "football soccer tennis"),
    ("diving", "801 983", "scuba snorkel"),
    ("swimming", "433 445 638-639 842", "swimsuit bikini"),
    ("instrument", "401-402 420 432 486 513 541 546 558 566 579 593-594 641-642 683 687 776 875 881 889", "music"),
    ("guitar", "402 420 546", "banjo"),
    ("piano", "579 881", ""),
    ("violin", "486 889", "cello"),
    ("drum", "541 822", ""),
    ("microphone", "650", "singing"),
    # Things.
    ("wedding clothes", "578 601 982", "wedding bride groom"),
    ("baby things", "431 443 516 520 529 680", "baby cradle crib"),
    ("candle", "470", ""),
    ("jack-o'-lantern", "607", "halloween pumpkin lantern"),
    ("weapon", "413 471 597 763-764", "gun rifle pistol"),
    ("military uniform", "652", "soldier"),
    ("computer", "508 527 590 620 664 673 681 782 810", "laptop keyboard screen"),
    ("phone", "487 528 605 707", "telephone smartphone"),
    ("camera", "732 759", ""),
    ("clock", "409 530-531 826 835 892", "watch"),
    ("book", "453-454 624 917 921", "reading"),
    ("toy", "850 865", "teddy"),
    ("bed", "520 564 750", "bedroom"),
    ("bathroom", "435 804 861 876 896 999", "toilet bathtub"),
    ("kitchen", "534 544 651 760 827 859", "stove"),
    ("chair", "423 559 765 831", "sofa couch"),
    ("bench", "703", ""),
    ("umbrella", "879", "parasol"),
    ("hat", "439 452 515 808", "sombrero"),
    ("mask", "570 643", "gasmask"),
    ("sunglasses", "836-837", ""),
    ("helmet", "518 560", ""),
)
"""Word, the classes it stands for (numbers and ranges, both ends included), and other words that find it."""

MUTE_CLASSES = frozenset(range(365, 385))
"""Classes that no word stands for and no search finds: monkeys, apes and their kin."""

PETS = ("pet", "dog", "cat", "horse", "rabbit", "bird")
"""Animals that people are photographed with; all others must be surer than usual where a face is in the photo."""

OWN_LEAST = {
    "dog": 0.25, "cat": 0.25, "bird": 0.25, "lake": 0.25, "landscape": 0.3, "volcano": 0.8, "hat": 0.5, "mask": 0.5,
}  # fmt: skip
"""Words that need less or more than the usual certainty, by what was found so among OASIS's photos and the demo's.

Few photos pass for a dog that show none; bonfires and sunsets pass for volcanoes, and a planet for a hat.
"""

_PLURALS = {
    "fish": "fish", "sheep": "sheep", "goose": "geese", "wolf": "wolves", "skiing": "", "snow": "", "food": "",
    "water": "", "coral": "corals", "swimming": "", "diving": "", "baby things": "", "wedding clothes": "",
    "sunglasses": "", "bread": "", "tea": "", "leaf": "leaves", "puppy": "puppies", "pony": "ponies",
    "bunny": "bunnies", "library": "libraries", "butterfly": "butterflies", "dragonfly": "dragonflies",
    "damselfly": "damselflies", "ox": "oxen", "fungus": "fungi", "alps": "", "cattle": "", "sweets": "",
}  # fmt: skip


def plural_of(word: str) -> str:
    """Give a word's plural, or the word itself where it has none."""
    if word in _PLURALS:
        return _PLURALS[word] or word
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def with_article(word: str) -> str:
    """Give a word as it stands in a sentence: "a beach", "an owl", "water"."""
    if word in _PLURALS and not _PLURALS[word]:
        return word
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


@lru_cache(maxsize=1)
def group_classes() -> dict[str, tuple[int, ...]]:
    """Classes of each group by its word, in the order in which words are offered."""
    found: dict[str, tuple[int, ...]] = {}
    for word, ranges, _ in _GROUPS:
        classes: list[int] = []
        for part in ranges.split():
            first, _, last = part.partition("-")
            classes.extend(range(int(first), int(last or first) + 1))
        found[word] = tuple(classes)
    return found


@lru_cache(maxsize=1)
def words_of_groups() -> dict[str, str]:
    """Give the word of the group that each word, plural or synonym finds."""
    found: dict[str, str] = {}
    for word, _, synonyms in _GROUPS:
        for name in (word, *synonyms.split()):
            found.setdefault(name, word)
            found.setdefault(plural_of(name), word)
    return found
