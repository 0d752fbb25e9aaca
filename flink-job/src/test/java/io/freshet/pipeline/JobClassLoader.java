package io.freshet.pipeline;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Child-first class loader for the job and its libraries that records the classes it loaded. */
final class JobClassLoader extends URLClassLoader {
    private static final List<String> OWN =
            List.of(
                    "io.freshet.",
                    "org.apache.avro.",
                    "org.apache.flink.connector.kafka.",
                    "org.apache.kafka.",
                    "org.bytedeco.",
                    "org.nd4j.");

    private final Set<String> loaded = new TreeSet<>();

    JobClassLoader() throws MalformedURLException {
        super(classPath(), JobClassLoader.class.getClassLoader());
    }

    private static URL[] classPath() throws MalformedURLException {
        String[] entries = System.getProperty("java.class.path").split(File.pathSeparator, -1);
        URL[] urls = new URL[entries.length];
        for (int i = 0; i < entries.length; i++) {
            urls[i] = Path.of(entries[i]).toUri().toURL();
        }
        return urls;
    }

    /** Returns the names of the classes that this loader has loaded. */
    Set<String> loaded() {
        return loaded;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            if (findLoadedClass(name) != null || OWN.stream().noneMatch(name::startsWith)) {
                return super.loadClass(name, resolve);
            }
            loaded.add(name);
            return findClass(name);
        }
    }
}
