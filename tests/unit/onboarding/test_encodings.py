import pytest

from dmp_assets.onboarding.encodings import encoding_of

WORDS = {
    "cp1252": [
        "São Paulo|João|Coração",
        "Müsli|Größe|Straße",
        "Crème brûlée|Pâté|Bœuf",
        "Señora Muñoz|Jamón",
        "Caffè|perché|però",
        "Rødgrød|Åse|Æble",
        "Müller|São|François|Øystein|Añez|Citroën|Crème",
        "SÃO PAULO|JOÃO",
        "São",
        "5 €|10 €",
    ],
    "cp1250": [
        "Łódź|Żółta gęś|Śliwka",
        "Příbram|Škoda|Žluťoučký kůň",
        "Győr|Tűzoltó",
        "Košice|Trenčín|Ľubochňa",
        "Čakovec|Đakovo|Ćevapi",
        "Braşov|Galaţi|pâine",
    ],
    "cp1254": ["Türkçe|Şişli|İstanbul|Ağır", "Ayşe|Doğan|Işık"],
    "cp1257": ["Rīga|Ķekava|Jūrmala", "Šiauliai|Klaipėda|Ąžuolas"],
    "cp1251": ["Москва|Хлеб|Молоко", "Київ|Їжак|Європа"],
    "koi8_r": ["Москва|Хлеб|Молоко"],
    "cp1253": ["Αθήνα|Γάλα|Ψωμί"],
    "cp1255": ["ירושלים|חלב"],
    "cp1256": ["القاهرة|حليب"],
    "cp874": ["กรุงเทพ|นม"],
    "cp850": ["Müller|Größe|Käse|Café"],
    "gb18030": ["用户甲|商品乙|北京市|牛奶", "张三|上海市|矿泉水|洗发水"],
    "big5": ["用戶甲|商品乙|臺北市|牛奶"],
    "cp932": ["東京都|牛乳|りんご|パン"],
    "euc_jp": ["東京都|牛乳|りんご|パン"],
    "cp949": ["서울|우유|사과", "김치찌개|홍길동"],
}


@pytest.mark.parametrize(
    ("encoding", "words"), [(encoding, each) for encoding, all_of in WORDS.items() for each in all_of]
)
def test_the_encoding_is_that_of_the_language_whose_letters_it_gives(encoding, words):
    text = "".join(f"{number},{word},2024-01-02,1.50\n" for number, word in enumerate(words.split("|")))
    found = encoding_of(text.encode(encoding))
    assert found
    assert text.encode(encoding).decode(found) == text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,ü\n".encode("utf-8-sig"), "utf-8"),
        ("a,ü\n".encode("utf-16"), "utf-16"),
        ("id,name\n1,Müller\n".encode("utf-16-le"), "utf-16-le"),
        ("id,name\n1,Müller\n".encode("utf-16-be"), "utf-16-be"),
        ("用户,商品,价格\n甲乙丙,丁戊己,1.50\n".encode("utf-16-le"), "utf-16-le"),
        ("1,Müsli\n2,Öl\n".encode() + b"3,M\xfcsli\n", "utf-8"),
        (b"plain ascii\n", "utf-8"),
        (b"one,\0 nul\n" + b"plain,text\n" * 9, "utf-8"),
        (bytes(range(1, 256)) * 2 + b"\0" * 99, None),
    ],
)
def test_marks_unicode_and_a_few_wrong_bytes(content, expected):
    assert encoding_of(content) == expected


def test_lines_further_on_tell_the_encoding_of_a_file_that_begins_without_accents():
    assert encoding_of(b"id,name\n1,Smith\n", "2,João\n".encode("cp1252")) == "cp1252"
