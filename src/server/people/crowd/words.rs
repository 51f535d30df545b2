//! The words the crowd is made of.

/// Given names and family names of one origin.
pub type Origin = (&'static [&'static str], &'static [&'static str]);

/// Where names come from. Family names are those that do not change with gender.
pub const ORIGINS: &[Origin] = &[
    // English
    (
        &[
            "Alice", "Amelia", "Ben", "Charlotte", "Daniel", "Eleanor", "George", "Hannah", "Isaac", "Jack",
            "Lucy", "Martha", "Oliver", "Rose", "Samuel", "Thomas",
        ],
        &[
            "Ashworth", "Barker", "Bennett", "Carter", "Clarke", "Ellis", "Fletcher", "Harper", "Hughes",
            "Marsh", "Palmer", "Reid", "Shaw", "Turner", "Walsh", "Whitaker",
        ],
    ),
    // Irish
    (
        &[
            "Aoife", "Cian", "Ciara", "Conor", "Eoin", "Fionn", "Grainne", "Liam", "Maeve", "Niamh", "Oisin",
            "Orla", "Roisin", "Ronan", "Sinead", "Tadhg",
        ],
        &[
            "Brennan", "Byrne", "Daly", "Doyle", "Fitzgerald", "Flynn", "Gallagher", "Keane", "Kelly",
            "Lynch", "McCarthy", "Nolan", "Quinn", "Ryan", "Sheehan", "Sweeney",
        ],
    ),
    // Spanish
    (
        &[
            "Alba", "Alejandro", "Camila", "Carlos", "Diego", "Elena", "Gabriela", "Javier", "Lucía",
            "Mateo", "Natalia", "Pablo", "Sofía", "Tomás", "Valentina", "Ximena",
        ],
        &[
            "Aguilar", "Campos", "Delgado", "Fuentes", "García", "Herrera", "Iglesias", "Mendoza", "Morales",
            "Navarro", "Ortega", "Quintero", "Ramírez", "Salazar", "Vargas", "Zamora",
        ],
    ),
    // Portuguese
    (
        &[
            "Ana", "Beatriz", "Bruno", "Caio", "Catarina", "Duarte", "Fernanda", "Gustavo", "Inês", "João",
            "Larissa", "Luís", "Mariana", "Rafael", "Thiago", "Vitória",
        ],
        &[
            "Almeida", "Barbosa", "Cardoso", "Carvalho", "Costa", "Ferreira", "Lima", "Lopes", "Moreira",
            "Nascimento", "Oliveira", "Pereira", "Ribeiro", "Rocha", "Santos", "Teixeira",
        ],
    ),
    // French
    (
        &[
            "Adrien", "Amélie", "Bastien", "Camille", "Chloé", "Élise", "Étienne", "Gabriel", "Hugo", "Inès",
            "Juliette", "Léa", "Lucas", "Manon", "Mathilde", "Théo",
        ],
        &[
            "Bernard", "Chevalier", "Dubois", "Fontaine", "Garnier", "Girard", "Lambert", "Laurent",
            "Lefèvre", "Marchand", "Mercier", "Moreau", "Petit", "Renard", "Rousseau", "Vidal",
        ],
    ),
    // German and Dutch
    (
        &[
            "Anneke", "Clara", "Emil", "Femke", "Finn", "Greta", "Jannik", "Jonas", "Katrien", "Lena",
            "Lotte", "Maarten", "Mila", "Moritz", "Pieter", "Theresa",
        ],
        &[
            "Bakker", "Becker", "Brandt", "Dekker", "Fischer", "Hoffmann", "Janssen", "Keller", "Koch",
            "Meijer", "Mulder", "Schreiber", "Smit", "Visser", "Vogel", "Winkler",
        ],
    ),
    // Nordic
    (
        &[
            "Aksel", "Anders", "Astrid", "Elin", "Emil", "Freja", "Ida", "Ingrid", "Kaisa", "Lars", "Linnea",
            "Mikko", "Nils", "Saga", "Sigrid", "Sven",
        ],
        &[
            "Andersen", "Berg", "Dahl", "Eklund", "Hansen", "Holm", "Johansson", "Korhonen", "Lindqvist",
            "Lund", "Mäkinen", "Nielsen", "Nygaard", "Solberg", "Strand", "Virtanen",
        ],
    ),
    // Italian
    (
        &[
            "Alessia", "Andrea", "Chiara", "Davide", "Elisa", "Francesca", "Giulia", "Lorenzo", "Luca",
            "Marco", "Martina", "Matteo", "Paola", "Serena", "Silvia", "Tommaso",
        ],
        &[
            "Barbieri", "Bianchi", "Caruso", "Colombo", "Conti", "Costa", "Esposito", "Ferrari", "Galli",
            "Greco", "Lombardi", "Mancini", "Marino", "Ricci", "Romano", "Rinaldi",
        ],
    ),
    // Polish
    (
        &[
            "Agata", "Aleksander", "Antoni", "Bartek", "Ewa", "Filip", "Hania", "Jakub", "Kasia", "Kuba",
            "Magda", "Marek", "Ola", "Piotr", "Weronika", "Zosia",
        ],
        &[
            "Baran", "Duda", "Jankowiak", "Kaczmarek", "Kowal", "Krawczyk", "Mazur", "Nowak", "Pawlak",
            "Sikora", "Stachowiak", "Walczak", "Wójcik", "Wrona", "Zając", "Zięba",
        ],
    ),
    // Ukrainian
    (
        &[
            "Andriy", "Bohdan", "Daryna", "Halyna", "Iryna", "Kateryna", "Maksym", "Mykola", "Nadia",
            "Oksana", "Olena", "Oleh", "Roman", "Solomiya", "Taras", "Yulia",
        ],
        &[
            "Bondarenko", "Boyko", "Hnatiuk", "Kovalenko", "Kravchuk", "Lysenko", "Marchenko", "Melnyk",
            "Moroz", "Panchuk", "Petrenko", "Savchenko", "Shevchuk", "Tkachenko", "Vovk", "Zinchenko",
        ],
    ),
    // Greek
    (
        &[
            "Alexandra", "Anna", "Christos", "Danae", "Despina", "Dimitra", "Eleni", "Giorgos", "Ioanna",
            "Kostas", "Maria", "Myrto", "Nefeli", "Nikos", "Stavros", "Yannis",
        ],
        &[
            "Alexiou", "Anastasiou", "Athanasiou", "Christou", "Dimitriou", "Fotiou", "Georgiou", "Ioannou",
            "Konstantinou", "Lazarou", "Michail", "Nikolaou", "Pavlou", "Petrou", "Theodorou", "Vasileiou",
        ],
    ),
    // Turkish
    (
        &[
            "Aylin", "Ayşe", "Barış", "Can", "Cem", "Defne", "Deniz", "Ece", "Elif", "Emre", "Kerem",
            "Leyla", "Mert", "Selin", "Tuna", "Zeynep",
        ],
        &[
            "Acar", "Aksoy", "Arslan", "Aydın", "Çelik", "Demir", "Doğan", "Erdem", "Güneş", "Kaplan",
            "Kaya", "Koç", "Öztürk", "Şahin", "Yıldız", "Yılmaz",
        ],
    ),
    // Arabic
    (
        &[
            "Ahmad", "Amal", "Bilal", "Dalia", "Farah", "Hadi", "Hana", "Karim", "Layla", "Mariam", "Nadim",
            "Noor", "Omar", "Rania", "Samir", "Yusuf",
        ],
        &[
            "Abboud", "Aziz", "Darwish", "Farouk", "Fawzi", "Haddad", "Hamdan", "Khalil", "Khoury",
            "Mansour", "Nasser", "Rahman", "Saleh", "Sayegh", "Shaheen", "Zaidan",
        ],
    ),
    // Persian
    (
        &[
            "Arash", "Azadeh", "Bahar", "Behrouz", "Darya", "Farhad", "Kian", "Laleh", "Mina", "Navid",
            "Nasrin", "Parisa", "Ramin", "Roya", "Shirin", "Sina",
        ],
        &[
            "Ahmadi", "Bahrami", "Farahani", "Ghorbani", "Hosseini", "Jafari", "Karimi", "Kazemi", "Moradi",
            "Najafi", "Rahimi", "Rostami", "Sadeghi", "Shirazi", "Tavakoli", "Zand",
        ],
    ),
    // Hebrew
    (
        &[
            "Adi", "Amit", "Avital", "Dana", "Eitan", "Elad", "Gal", "Hila", "Lior", "Maya", "Noa", "Noam",
            "Shira", "Tal", "Tamar", "Yael",
        ],
        &[
            "Amar", "Avraham", "Barak", "Ben-David", "Biton", "Dayan", "Friedman", "Golan", "Katz", "Levi",
            "Malka", "Mizrahi", "Peretz", "Rosen", "Shapira", "Weiss",
        ],
    ),
    // North Indian
    (
        &[
            "Aarav", "Aditi", "Ananya", "Arjun", "Dev", "Isha", "Kabir", "Kavita", "Meera", "Neha", "Nikhil",
            "Priya", "Rahul", "Rohan", "Sanjana", "Vikram",
        ],
        &[
            "Agarwal", "Banerjee", "Bhatt", "Chopra", "Desai", "Ghosh", "Gupta", "Joshi", "Kapoor",
            "Malhotra", "Mehta", "Mukherjee", "Patel", "Sharma", "Singh", "Verma",
        ],
    ),
    // South Indian
    (
        &[
            "Anjali", "Aravind", "Bhavana", "Deepa", "Divya", "Gautam", "Harini", "Karthik", "Lakshmi",
            "Madhav", "Nandini", "Pranav", "Revathi", "Shreya", "Suresh", "Vidya",
        ],
        &[
            "Acharya", "Bhat", "Hegde", "Iyer", "Krishnan", "Kumar", "Menon", "Murthy", "Nair", "Natarajan",
            "Pillai", "Raghavan", "Rao", "Reddy", "Subramanian", "Varma",
        ],
    ),
    // Chinese
    (
        &[
            "Bo", "Fang", "Hao", "Jing", "Jun", "Lan", "Li", "Ming", "Ning", "Qiang", "Rui", "Shan", "Wei",
            "Xin", "Yan", "Yu",
        ],
        &[
            "Chen", "Deng", "Feng", "Gao", "Guo", "He", "Huang", "Lin", "Liu", "Luo", "Sun", "Tang", "Wang",
            "Xu", "Zhang", "Zhou",
        ],
    ),
    // Japanese
    (
        &[
            "Akari", "Daiki", "Emi", "Haruka", "Hiroshi", "Kaito", "Kenji", "Mai", "Naoko", "Ren", "Riku",
            "Sakura", "Sota", "Takumi", "Yui", "Yuki",
        ],
        &[
            "Abe", "Endo", "Fujita", "Hayashi", "Inoue", "Ito", "Kimura", "Kobayashi", "Matsuda", "Mori",
            "Nakamura", "Okada", "Sato", "Suzuki", "Tanaka", "Yamamoto",
        ],
    ),
    // Korean
    (
        &[
            "Eunji", "Haneul", "Hyejin", "Jaemin", "Jihoon", "Jimin", "Jisoo", "Junho", "Minji", "Minjun",
            "Seojun", "Seoyeon", "Sora", "Taeyang", "Yejin", "Yuna",
        ],
        &[
            "Ahn", "Bae", "Cho", "Choi", "Han", "Hong", "Jang", "Jeong", "Kang", "Kim", "Lee", "Lim", "Oh",
            "Park", "Seo", "Yoon",
        ],
    ),
    // Vietnamese
    (
        &[
            "An", "Bao", "Chi", "Dung", "Giang", "Hai", "Hanh", "Khanh", "Lan", "Linh", "Mai", "Minh",
            "Phuong", "Quan", "Thao", "Tuan",
        ],
        &[
            "Bui", "Dang", "Dinh", "Do", "Duong", "Ho", "Hoang", "Le", "Luong", "Ngo", "Nguyen", "Pham",
            "Phan", "Tran", "Truong", "Vo",
        ],
    ),
    // Filipino and Indonesian
    (
        &[
            "Adi", "Amihan", "Bayani", "Budi", "Citra", "Dewi", "Eko", "Intan", "Isko", "Jomar", "Ligaya",
            "Luningning", "Putri", "Rizal", "Wayan", "Yanti",
        ],
        &[
            "Bautista", "Castillo", "Dizon", "Hartono", "Lestari", "Macaraeg", "Magsaysay", "Manalo",
            "Nugroho", "Pangilinan", "Permata", "Pratama", "Santoso", "Siregar", "Tolentino", "Wijaya",
        ],
    ),
    // Nigerian
    (
        &[
            "Adaeze", "Ade", "Amara", "Bisi", "Chidi", "Chioma", "Emeka", "Folake", "Funmi", "Ifeoma",
            "Ikenna", "Kelechi", "Ngozi", "Obinna", "Tunde", "Yemi",
        ],
        &[
            "Abiola", "Achebe", "Adebayo", "Adeyemi", "Balogun", "Chukwu", "Eze", "Ibrahim", "Nnamdi",
            "Nwosu", "Obi", "Ojo", "Okafor", "Okeke", "Okonkwo", "Olawale",
        ],
    ),
    // Ghanaian
    (
        &[
            "Abena", "Adwoa", "Afia", "Akosua", "Ama", "Efua", "Ekow", "Esi", "Kofi", "Kojo", "Kwabena",
            "Kwame", "Kwesi", "Nana", "Yaa", "Yaw",
        ],
        &[
            "Acheampong", "Addo", "Agyeman", "Amoah", "Ansah", "Asante", "Boateng", "Danquah", "Darko",
            "Frimpong", "Mensah", "Nkansah", "Ofori", "Opoku", "Osei", "Owusu",
        ],
    ),
    // East African
    (
        &[
            "Achieng", "Amina", "Baraka", "Bahati", "Jabari", "Juma", "Kamau", "Makena", "Mosi", "Njeri",
            "Otieno", "Salim", "Wangari", "Wanjiku", "Zawadi", "Zuri",
        ],
        &[
            "Cherono", "Juma", "Karanja", "Kibet", "Kimani", "Kiplagat", "Maina", "Mbugua", "Mutua",
            "Mwangi", "Njoroge", "Nyambura", "Ochieng", "Odhiambo", "Omondi", "Wafula",
        ],
    ),
    // Southern African
    (
        &[
            "Ayanda", "Bongani", "Farai", "Kagiso", "Lerato", "Lindiwe", "Naledi", "Nomsa", "Palesa", "Rudo",
            "Sibusiso", "Tapiwa", "Tendai", "Thabo", "Themba", "Zanele",
        ],
        &[
            "Banda", "Chikwanha", "Dlamini", "Khumalo", "Mabaso", "Mahlangu", "Mokoena", "Molefe", "Moyo",
            "Ncube", "Ndlovu", "Nkosi", "Sibanda", "Sithole", "Zulu", "Zwane",
        ],
    ),
    // Ethiopian
    (
        &[
            "Abebe", "Alem", "Aster", "Bekele", "Berhane", "Dawit", "Eden", "Girma", "Hirut", "Kidist",
            "Mekdes", "Meron", "Mulu", "Selam", "Tesfaye", "Yonas",
        ],
        &[
            "Abate", "Alemu", "Assefa", "Ayele", "Bekele", "Demissie", "Desta", "Gebre", "Haile", "Kebede",
            "Lemma", "Mengistu", "Tadesse", "Tessema", "Wolde", "Worku",
        ],
    ),
    // Māori and Pacific
    (
        &[
            "Anahera", "Aroha", "Hana", "Hēmi", "Kahu", "Keoni", "Leilani", "Mana", "Manaia", "Mere",
            "Moana", "Ngaire", "Rangi", "Sione", "Tama", "Wiremu",
        ],
        &[
            "Fonoti", "Henare", "Kahale", "Kealoha", "Mahoe", "Ngata", "Paewai", "Parata", "Rangihuna",
            "Tapsell", "Taumalolo", "Tautahi", "Te-Aroha", "Tuala", "Waaka", "Wihongi",
        ],
    ),
];

/// What people like, the most popular first, spelled as within a sentence.
pub const INTERESTS: &[&str] = &[
    "music", "travel", "cooking", "hiking", "films", "reading", "photography", "cats", "dogs", "coffee",
    "running", "cycling", "yoga", "gardening", "live concerts", "baking", "board games", "swimming",
    "dancing", "history", "painting", "television series", "video games", "podcasts", "football", "camping",
    "museums", "volunteering", "languages", "writing", "drawing", "science", "wine", "street food",
    "theatre", "singing", "guitar", "art", "psychology", "tea", "nature", "astronomy", "chess", "philosophy",
    "piano", "climbing", "tennis", "jazz", "walking", "fashion", "poetry", "teaching", "skiing",
    "meditation", "puzzles", "architecture", "basketball", "mathematics", "computing", "science fiction",
    "design", "politics", "birdwatching", "fantasy novels", "crime novels", "surfing", "knitting",
    "economics", "vegetarian food", "classical music", "hip-hop", "rock music", "electronic music",
    "pilates", "sailing", "fishing", "comedy", "badminton", "volleyball", "table tennis", "anime", "comics",
    "documentaries", "short stories", "journaling", "sewing", "pottery", "woodworking", "interior design",
    "houseplants", "herbs", "vegan food", "barbecue", "cheese", "bread making", "fermentation", "cocktails",
    "craft beer", "whisky", "chocolate", "farmers' markets", "picnics", "road trips", "city breaks",
    "train journeys", "backpacking", "national parks", "beaches", "islands", "lighthouses", "castles",
    "ruins", "flea markets", "vintage clothes", "antiques", "vinyl records", "genealogy", "local history",
    "ancient history", "medieval history", "art history", "mythology", "folklore", "storytelling",
    "creative writing", "calligraphy", "letter writing", "stationery", "typography", "printmaking",
    "linocut", "etching", "watercolours", "oil painting", "sketching", "life drawing", "sculpture",
    "ceramics", "glassblowing", "jewellery making", "embroidery", "quilting", "crochet", "weaving",
    "spinning wool", "natural dyes", "basketry", "leatherwork", "bookbinding", "origami", "model building",
    "model railways", "railways", "trams", "bridges", "maps", "navigation", "orienteering", "geocaching",
    "open water", "rowing", "kayaking", "canoeing", "paddleboarding", "windsurfing", "kitesurfing",
    "scuba diving", "freediving", "snorkelling", "ice skating", "figure skating", "ice hockey",
    "cross-country skiing", "snowboarding", "snowshoeing", "mountaineering", "bouldering", "via ferrata",
    "caving", "trail running", "marathons", "triathlon", "track cycling", "mountain biking", "bike repair",
    "skateboarding", "roller skating", "parkour", "gymnastics", "trampolining", "fencing", "archery", "judo",
    "karate", "aikido", "tai chi", "boxing", "wrestling", "rugby", "cricket", "baseball", "handball",
    "hockey", "lacrosse", "golf", "disc golf", "bowling", "snooker", "darts", "petanque", "croquet",
    "squash", "horse riding", "card games", "crosswords", "sudoku", "quizzes", "escape rooms",
    "role-playing games", "tabletop war games", "Go", "backgammon", "mahjong", "dominoes", "jigsaws",
    "juggling", "magic tricks", "circus arts", "clowning", "puppetry", "improvisation", "stand-up comedy",
    "musicals", "opera", "ballet", "salsa", "tango", "swing dancing", "folk dancing", "ballroom dancing",
    "flamenco", "contemporary dance", "choir", "barbershop", "songwriting", "music production",
    "synthesizers", "drums", "bass guitar", "ukulele", "banjo", "violin", "cello", "double bass", "harp",
    "flute", "clarinet", "saxophone", "trumpet", "accordion", "organ music", "bagpipes", "folk music",
    "blues", "soul", "reggae", "country music", "metal", "punk", "ambient music", "baroque music",
    "early music", "film scores", "sound recording", "radio plays", "amateur radio", "electronics",
    "robotics", "3D printing", "engineering", "clockwork", "watches", "clocks", "programming", "open source",
    "game design", "generative art", "cartography", "statistics", "logic", "geometry", "codes and ciphers",
    "linguistics", "etymology", "Esperanto", "Latin", "Japanese", "sign language", "translation",
    "archaeology", "anthropology", "geology", "fossils", "minerals", "botany", "wild flowers", "mosses",
    "mushrooms", "foraging", "trees", "bonsai", "orchids", "cacti", "beekeeping", "insects", "butterflies",
    "moths", "snails", "aquariums", "reptiles", "owls", "falconry", "whales", "wolves", "rewilding",
    "composting", "allotments", "meteorology", "clouds", "volcanoes", "glaciers", "oceans", "tide pools",
    "stargazing", "telescopes", "spaceflight", "aviation", "gliding", "hot-air balloons", "kites",
    "boat building", "knots", "lock picking", "urban sketching", "street photography", "film photography",
    "pinhole cameras", "darkrooms", "super 8 film", "silent films", "film noir", "westerns", "animation",
    "stop motion", "zines", "graphic novels",
];

/// What people do, each right after "a" or, before a vowel, "an".
pub const JOBS: &[&str] = &[
    "accountant", "actor", "anaesthetist", "animator", "archaeologist", "architect", "archivist",
    "art teacher", "baker", "barista", "beekeeper", "bike mechanic", "biologist", "boat builder",
    "bookbinder", "bookseller", "botanist", "brewer", "bus driver", "carpenter", "cartographer", "cellist",
    "chef", "chemist", "choreographer", "civil engineer", "climate scientist", "composer", "conservator",
    "copywriter", "curator", "data analyst", "dentist", "designer", "dietitian", "doctor", "economist",
    "editor", "electrician", "epidemiologist", "event planner", "farmer", "ferry captain", "film editor",
    "firefighter", "florist", "gardener", "geologist", "geriatric nurse", "glassblower", "goldsmith",
    "illustrator", "instrument maker", "interpreter", "journalist", "judge", "lab technician",
    "landscape architect", "lawyer", "librarian", "lighting designer", "locksmith", "mason", "maths teacher",
    "mechanic", "meteorologist", "midwife", "museum guide", "music teacher", "nurse",
    "occupational therapist", "oceanographer", "optician", "orchestra manager", "paramedic", "park ranger",
    "pastry chef", "pharmacist", "photographer", "physicist", "physiotherapist", "pilot", "plumber",
    "potter", "primary teacher", "product manager", "programmer", "psychologist", "radio producer",
    "researcher", "roofer", "sailmaker", "school cook", "sculptor", "set designer", "shoemaker",
    "signwriter", "social worker", "software engineer", "sound engineer", "speech therapist", "statistician",
    "stonemason", "structural engineer", "surgeon", "surveyor", "tailor", "train driver", "tram driver",
    "translator", "tree surgeon", "upholsterer", "urban planner", "vet", "violin maker", "watchmaker",
    "web developer", "welder", "wind engineer", "writer", "youth worker", "zookeeper",
];

/// Where people live.
pub const PLACES: &[&str] = &[
    "Accra", "Addis Ababa", "Amsterdam", "Antwerp", "Athens", "Auckland", "Bandung", "Barcelona",
    "Bengaluru", "Bergen", "Berlin", "Bilbao", "Bogotá", "Bologna", "Boston", "Brighton", "Bristol", "Brno",
    "Busan", "Cairo", "Cape Town", "Cardiff", "Chennai", "Chicago", "Copenhagen", "Cork", "Curitiba",
    "Dakar", "Da Nang", "Dublin", "Edinburgh", "Fukuoka", "Galway", "Ghent", "Glasgow", "Gothenburg", "Graz",
    "Haifa", "Halifax", "Hamburg", "Hanoi", "Helsinki", "Istanbul", "Izmir", "Jaipur", "Kampala", "Kigali",
    "Kraków", "Kyiv", "Kyoto", "Lagos", "Leeds", "Leipzig", "Lima", "Lisbon", "Ljubljana", "Lviv", "Lyon",
    "Málaga", "Manila", "Marseille", "Melbourne", "Mexico City", "Montréal", "Mumbai", "Nairobi", "Nantes",
    "Naples", "Oslo", "Oaxaca", "Penang", "Porto", "Poznań", "Prague", "Pune", "Quito", "Recife",
    "Reykjavík", "Riga", "Rotterdam", "Sapporo", "Seattle", "Seoul", "Sevilla", "Singapore", "Sofia",
    "Stockholm", "Sydney", "Taipei", "Tallinn", "Tartu", "Tbilisi", "Thessaloniki", "Toronto", "Trieste",
    "Tunis", "Turin", "Utrecht", "Valparaíso", "Vancouver", "Vienna", "Vilnius", "Warsaw", "Wellington",
    "York", "Zagreb", "Zürich",
];

/// Headlines, at most 60 characters when filled in.
pub const HEADLINES: &[&str] = &[
    "{Job} in {place}",
    "{Job} by day, {like} by night",
    "{Like}, {other}, good company",
    "{Like} first, then breakfast",
    "Here for {like} and kind people",
    "In {place} for {like}",
    "{Like}, always. {place}, mostly",
    "{Job}, and fond of {like}",
    "Ask me about {like}",
    "Half {job}, half {like}",
    "Will trade {like} for {other}",
    "Between {like} and {other}",
    "Curious {job}, slow replies",
    "{place}, {like} and long walks",
    "New to {place}, old hand at {like}",
    "Mostly harmless {job}",
    "Looking for a partner in {like}",
    "{Job}, weak for {like}",
    "Say hello, or just say {like}",
    "Good listener, terrible whistler",
    "Easily distracted by {like}",
    "{Like} on Sundays, no exceptions",
];

/// How a bio begins.
pub const HOMES: &[&str] = &[
    "I am {a job} in {place}, and most days I like it.",
    "By day I am {a job}; the rest of {place} gets the better half of me.",
    "I moved to {place} for a year and am still here, working as {a job}.",
    "Born somewhere smaller, I now live in {place} and earn my keep as {a job}.",
    "I work as {a job} and cycle through {place} in all weathers.",
    "After a long detour I became {a job}, and {place} became home.",
    "{Job}, early riser, and proud owner of a very small balcony in {place}.",
    "People in {place} know me as the {job} with the loud laugh.",
    "I have been {a job} long enough to have good stories about it.",
    "I share a flat in {place} with two friends and one opinionated cat.",
    "I grew up in {place}, left, missed the bakeries and came back.",
    "Most mornings you will find me on the first tram through {place}, half asleep.",
    "I trained as {a job} and have not stopped learning since.",
    "My colleagues would say calm {job}; my family in {place} would say chatterbox.",
];

/// How a bio goes on.
pub const LIKES: &[&str] = &[
    "My weekends are for {like}, my evenings for {other}.",
    "I came late to {like} and am making up for it, with {other} on the side.",
    "I can talk about {like} until the kettle is cold.",
    "Talk to me about {like} or {other} and I will forget the time.",
    "For peace of mind I turn to {like}; to be rid of my money, {other}.",
    "There is always room in my week for {like}, and usually for {other}.",
    "A friend introduced me to {like} years ago, and I have never looked back.",
    "I read everything I can find about {like}, and a fair bit about {other}.",
    "If I am not busy with {like}, try {other}.",
    "Nothing clears my head like {like}.",
    "This year I am serious about {like}; last year it was {other}.",
    "I am happiest when {like} and good company come together.",
    "My shelves are evenly split between {like} and {other}.",
    "I will try anything once, but I always come back to {like}.",
];

/// How a bio may end.
pub const INVITATIONS: &[&str] = &[
    "Tell me what you are reading.",
    "Tell me something you learnt this week.",
    "Send me your favourite recipe and I will send you mine.",
    "I answer slowly, but I do answer.",
    "Coffee first, plans later.",
    "Bad jokes are welcome, good ones too.",
    "I would love to hear where you have been lately.",
    "Recommend me a song and I will listen to all of it.",
    "Surprise me with a question.",
    "I am always glad of a walking companion.",
    "Bonus points if you can teach me something.",
    "Tell me about the best meal you ever had.",
    "I keep my promises and water other people's plants.",
    "Let us skip the small talk, or do it really well.",
    "Say hello, I do not bite.",
    "I like long messages and short meetings.",
    "Ask me about the scar, it is a good story.",
    "I am better in person, but I try.",
];
