{#- What a source writes where it has nothing, and customers that are nobody. In lower case; a project's vars take their place. -#}

{#- Words that mean nothing, in any column (var missing_values). -#}
{% macro missing_values() -%}
    {{ return(var('missing_values', [
        'null', '\\n', 'nan', 'none', 'nil', 'na', 'n/a', 'n.a.', 'nat', 'undefined', '[object object]', '(null)',
        '<null>', '<na>', '(none)', '(blank)', '(empty)', '(not set)', '#n/a', '#na', '#ref!', '#value!', '#div/0!',
        '#name?', '#null!', '#num!', '-', '--', '---', '–', '—', '?', '??', '.',
    ])) }}
{%- endmacro %}

{#- Customer ids that stand for nobody (var guest_customers): their order lines count in sales and are nobody's profile. -#}
{% macro guest_customers() -%}
    {{ return(var('guest_customers', [
        '0', '00', '000', '0000', '00000', '000000', '0000000', '00000000', '000000000', '0000000000',
        '00000000-0000-0000-0000-000000000000', '-1', 'guest', 'anonymous', 'anon', 'unknown', 'nobody', 'no customer',
        'walk-in', 'walkin', 'cash customer', 'gast', 'unbekannt', 'anonym', 'laufkunde', 'barverkauf', 'invité',
        'invite', 'anonyme', 'inconnu', 'invitado', 'anónimo', 'desconocido', 'ospite', 'anonimo', 'sconosciuto',
        'onbekend', 'anoniem', 'convidado', 'anônimo', 'desconhecido', 'gość', 'nieznany', 'anonimowy', '游客', '匿名',
        '未知', '散客', 'ゲスト', '不明',
    ])) }}
{%- endmacro %}

{#- Id that a program wrote, without blanks around it; null where it is a word for nothing or stands for nobody. -#}
{% macro known_id(column) -%}
    case
        when lower(trim({{ column }})) not in ({{ dmp.word_list([''] + dmp.missing_values() + dmp.guest_customers()) }})
            then trim({{ column }})
    end
{%- endmacro %}
