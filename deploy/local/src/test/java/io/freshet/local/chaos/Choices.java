package io.freshet.local.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;

/** Seeded choices of one fault, or of several at the same time, which hit different victims. */
final class Choices {
    private final Random random;
    private final Set<String> chosen = new HashSet<>();

    Choices(long seed) {
        random = new Random(seed);
    }

    /** Chooses one that was not chosen before; any if all were. */
    <T> T one(List<T> from, Function<T, String> name) {
        List<T> free = from.stream().filter(each -> !chosen.contains(name.apply(each))).toList();
        List<T> candidates = free.isEmpty() ? from : free;
        T one = candidates.get(random.nextInt(candidates.size()));
        chosen.add(name.apply(one));
        return one;
    }

    /** Returns whether a victim was chosen before. */
    boolean isChosen(String name) {
        return chosen.contains(name);
    }

    /** Chooses one or more. */
    <T> List<T> some(List<T> from) {
        List<T> shuffled = new ArrayList<>(from);
        Collections.shuffle(shuffled, random);
        return shuffled.subList(0, 1 + random.nextInt(shuffled.size()));
    }

    boolean coin() {
        return random.nextBoolean();
    }

    /** Returns a duration between two numbers of seconds. */
    Duration seconds(int from, int to) {
        return Duration.ofMillis(from * 1_000L + random.nextInt((to - from) * 1_000));
    }
}
