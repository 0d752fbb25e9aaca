package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Test of the package's bill of materials against the jars that are shipped with it.
 *
 * <p>An offline build creates no bill of materials.
 */
class BillOfMaterialsITCase {
    private static final Path TARGET = Path.of("target");

    private static final Path LIB = TARGET.resolve("lib");

    @Test
    void everyJarInLib_isListedWithItsHash_andNothingElseIs() throws Exception {
        assumeFalse(Boolean.getBoolean("build.offline"));
        Map<String, String> shipped = new TreeMap<>();
        try (Stream<Path> jars = Files.list(LIB)) {
            for (Path jar : jars.toList()) {
                shipped.put(jar.getFileName().toString(), sha256(jar));
            }
        }
        assertThat(shipped).hasSizeGreaterThan(100).isEqualTo(listed());
    }

    @Test
    void everyJarOnTheClassPath_isInLib() throws IOException {
        try (JarFile jar = new JarFile(TARGET.resolve("freshet.jar").toFile());
                Stream<Path> lib = Files.list(LIB)) {
            String classPath =
                    jar.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
            assertThat(classPath.split(" "))
                    .containsExactlyInAnyOrder(
                            lib.map(file -> "lib/" + file.getFileName()).toArray(String[]::new));
        }
    }

    /** SHA-256 by file name, of the components in the bill. */
    private static Map<String, String> listed() throws IOException {
        JsonNode bill = new ObjectMapper().readTree(TARGET.resolve("bom.json").toFile());
        assertThat(bill.path("bomFormat").asText()).isEqualTo("CycloneDX");
        Map<String, String> listed = new TreeMap<>();
        for (JsonNode component : bill.path("components")) {
            String hash = "";
            for (JsonNode candidate : component.path("hashes")) {
                if (candidate.path("alg").asText().equals("SHA-256")) {
                    hash = candidate.path("content").asText();
                }
            }
            listed.put(fileName(component), hash);
        }
        return listed;
    }

    /** Returns Maven's file name of a component, which may have a classifier. */
    private static String fileName(JsonNode component) {
        String purl = component.path("purl").asText();
        String classifier =
                Arrays.stream(purl.substring(purl.indexOf('?') + 1).split("&"))
                        .filter(qualifier -> qualifier.startsWith("classifier="))
                        .map(qualifier -> qualifier.replace("classifier=", "-"))
                        .findFirst()
                        .orElse("");
        String version = component.path("version").asText();
        return component.path("name").asText() + "-" + version + classifier + ".jar";
    }

    private static String sha256(Path file) throws IOException, GeneralSecurityException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        return HexFormat.of().formatHex(digest.digest(Files.readAllBytes(file)));
    }
}
