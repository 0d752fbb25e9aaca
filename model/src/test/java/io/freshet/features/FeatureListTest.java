package io.freshet.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureListTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "a,b.c,d[0].e",
                "[\"a.b\"].c[\"d\"\"e\"]",
                "[\"key\"],[\"header\"].x",
                "city:categorical(Oslo|New York|\"a|b\"|\"c,d\"),on:boolean,since:time",
                "t:numeric(origin=1700000000),pixels[0:784]",
                "t:numeric(origin=0.5),flags[2:4]:boolean",
                "city:categorical,body:text",
                "*",
                "*,body:text,a.b"
            })
    void textOfAList_isParsedToTheSameList(String text) {
        FeatureList list = FeatureList.parse(text);

        assertThat(list).hasToString(text);
        assertThat(FeatureList.parse(list.toString())).isEqualTo(list);
    }

    @Test
    void columns_areInTheOrderOfTheList() {
        FeatureList list = FeatureList.parse(" b , city : categorical( x | y ), v[1:3], at:time");

        assertThat(list.numColumns()).isEqualTo(9);
        assertThat(list.columnNames())
                .containsExactly(
                        "b",
                        "city=x",
                        "city=y",
                        "v[1]",
                        "v[2]",
                        "at (hour, sine)",
                        "at (hour, cosine)",
                        "at (weekday, sine)",
                        "at (weekday, cosine)");
        assertThat(list.fields().get(1).categories()).isEqualTo(List.of("x", "y"));
    }

    @Test
    void indicators_areOneForEachFieldAndMember_withItsFirstColumn() {
        assertThat(FeatureList.parse("b,city:categorical(x|y),v[1:3],at:time,at,o.p").indicators())
                .containsExactly(
                        entry("b is missing", 0),
                        entry("city is missing", 1),
                        entry("v[1] is missing", 3),
                        entry("v[2] is missing", 4),
                        entry("at is missing", 5),
                        entry("o.p is missing", 10));
    }

    @Test
    void moreCategoriesThanTheLimit_areRefused() {
        List<String> categories =
                IntStream.rangeClosed(0, MessageLimits.CATEGORIES)
                        .mapToObj(Integer::toString)
                        .toList();
        FieldPath path = FieldPath.of("a");

        assertThat(FeatureField.categorical(path, categories.subList(1, categories.size())))
                .returns(MessageLimits.CATEGORIES, FeatureField::numColumns);
        assertThatThrownBy(() -> FeatureField.categorical(path, categories))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a has more than 10000 categories");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "a,;a field's name is expected",
                "a,,b;a field's name is expected",
                "a.;a field's name is expected",
                "[0];a field's path begins with a name",
                "a[x];an index is expected at character 3",
                "a[1;\"]\" is expected",
                "a[3:3];a range's end must be greater",
                "a:colour;\"colour\" is not a kind; kinds are numeric, boolean, categorical, time"
                        + " and text",
                "a:categorical();a category is expected",
                "a:categorical(x|x);has a category twice",
                "a:numeric(3);numeric has the parameter origin",
                "a:time(x);time has no parameters",
                "a:text(x);text has no parameters",
                "a,*;a field's name is expected",
                "*b;does not belong there",
                "*,;a field's name is expected",
                "a[0:2]:text;whose members can be numeric or boolean only",
                "a:text,a:categorical;the feature a is there twice",
                "a[0:2]:time;whose members can be numeric or boolean only",
                "a,b,a;the feature a is there twice",
                "a b\"c;does not belong there",
                "a[\"b;a quote is not closed"
            })
    void invalidList_isRefusedWithTheReason(String text, String reason) {
        assertThatThrownBy(() -> FeatureList.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }
}
