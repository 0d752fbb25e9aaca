package io.freshet.drift;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * Measurement of the mean number of independent values from one false alarm of robust CUSUM to the
 * next, for both sets of parameters and several distributions.
 *
 * <p>Run {@link #main}; its arguments are the number of streams of each distribution and the number
 * of values in a stream. The seeds are fixed. The first values of a stream, and those after an
 * alarm, have most false alarms, as the mean is then estimated from few values: in shorter streams
 * they are more frequent.
 */
final class FalseAlarmBenchmark {
    private static final int STREAMS = 500;
    private static final int VALUES = 100_000;

    private FalseAlarmBenchmark() {}

    public static void main(String[] arguments) {
        int streams = arguments.length > 0 ? Integer.parseInt(arguments[0]) : STREAMS;
        int values = arguments.length > 1 ? Integer.parseInt(arguments[1]) : VALUES;
        System.out.printf(
                Locale.ROOT,
                "%,d streams of %,d values: alarms, and values per alarm%n",
                streams,
                values);
        System.out.printf("%-30s %24s %24s%n", "", "RobustCusum.DEFAULT", "RobustCusum.BURST");
        distributions()
                .forEach(
                        (name, distribution) -> {
                            StringBuilder line = new StringBuilder(String.format("%-30s", name));
                            for (RobustCusum detector :
                                    List.of(RobustCusum.DEFAULT, RobustCusum.BURST)) {
                                int alarms = alarms(detector, distribution, streams, values);
                                line.append(
                                        String.format(
                                                Locale.ROOT,
                                                " %8d %15s",
                                                alarms,
                                                alarms == 0
                                                        ? "none"
                                                        : String.format(
                                                                Locale.ROOT,
                                                                "%,d",
                                                                (long) streams * values / alarms)));
                            }
                            System.out.println(line);
                        });
    }

    /** Returns the distributions by name, in the order of the table. */
    static Map<String, ToDoubleFunction<SplittableRandom>> distributions() {
        Map<String, ToDoubleFunction<SplittableRandom>> distributions = new LinkedHashMap<>();
        for (double rate :
                new double[] {
                    0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.065, 0.07, 0.08, 0.1,
                    0.15, 0.2, 0.3, 0.5
                }) {
            distributions.put("errors, " + rate, random -> random.nextDouble() < rate ? 1 : 0);
        }
        distributions.put("uniform", SplittableRandom::nextDouble);
        distributions.put("normal", FalseAlarmBenchmark::gaussian);
        distributions.put("exponential", random -> -Math.log1p(-random.nextDouble()));
        for (double sigma : new double[] {0.5, 1, 2, 3}) {
            distributions.put(
                    "log-normal, sigma " + sigma, random -> Math.exp(sigma * gaussian(random)));
        }
        for (double rate : new double[] {0.005, 0.01, 0.02, 0.05}) {
            // Losses of a model that is almost certain, with a wrong label now and then.
            distributions.put(
                    "losses, wrong labels " + rate,
                    random ->
                            0.02 * Math.exp(gaussian(random))
                                    + (random.nextDouble() < rate ? 4 + gaussian(random) : 0));
        }
        return distributions;
    }

    /** Returns the number of alarms in seeded streams. */
    static int alarms(
            RobustCusum detector,
            ToDoubleFunction<SplittableRandom> distribution,
            int streams,
            int values) {
        int alarms = 0;
        for (int seed = 0; seed < streams; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            RunningDetector running = detector.start();
            for (int i = 0; i < values; i++) {
                if (running.update(distribution.applyAsDouble(random)) == DriftStatus.DRIFT) {
                    alarms++;
                }
            }
        }
        return alarms;
    }

    private static double gaussian(SplittableRandom random) {
        return Math.sqrt(-2 * Math.log(1 - random.nextDouble()))
                * Math.cos(2 * Math.PI * random.nextDouble());
    }
}
